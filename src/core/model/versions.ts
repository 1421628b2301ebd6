/** MQVersion.V5_5_0: peers decide by it what they may send us. */
export const ourVersion = 513
/** Its name, as clusterList prints it. */
export const ourVersionText = 'V5_5_0'

/** V4_0_0: from there on each minor version has ten patches, and each of them a snapshot before it. */
const regularFrom = 213
const [versionMax, higherVersion] = [611, 'HIGHER_VERSION']

/** MQVersion.getVersionDesc. Clients before 4.0 have no name here. */
export function versionText(version: number): string {
  if (version > versionMax) return higherVersion
  const release = version % 2 === 1 ? version : version + 1
  if (release < regularFrom) return `V3 (${version})`
  const patches = (release - regularFrom) / 2
  const [major, minor, patch] = [4 + Math.floor(patches / 100), Math.floor(patches / 10) % 10, patches % 10]
  return `V${major}_${minor}_${patch}${release === version ? '' : '_SNAPSHOT'}`
}
