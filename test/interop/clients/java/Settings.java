import com.alibaba.fastjson.JSONObject;
import org.apache.rocketmq.client.ClientConfig;

/** What producers and consumers have in common. */
final class Settings {
    private static final int PATIENCE_MS = 30_000;

    @SuppressWarnings("deprecation")
    static void apply(ClientConfig client, JSONObject options) {
        client.setNamesrvAddr(options.getString("namesrv"));
        client.setInstanceName(options.getString("instance"));
        // more than the default 3 s: dozens of clients start beside each other
        client.setMqClientApiTimeout(PATIENCE_MS);
        if (options.containsKey("unit")) {
            client.setUnitName(options.getString("unit"));
        }
        if (options.containsKey("namespace")) {
            client.setNamespace(options.getString("namespace"));
        }
        if (options.containsKey("pollNamesrvMs")) {
            client.setPollNameServerInterval(options.getIntValue("pollNamesrvMs"));
            // by default both are 30 s
            client.setHeartbeatBrokerInterval(options.getIntValue("pollNamesrvMs"));
        }
    }
}
