/** MQVersion.V5_5_0: peers decide by it what they may send us. */
export const ourVersion = 513
/** Its name, as clusterList prints it. */
export const ourVersionText = 'V5_5_0'
