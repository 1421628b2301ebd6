import com.alibaba.fastjson.JSONObject;
import org.apache.rocketmq.client.ClientConfig;

/** What producers and consumers have in common. */
final class Settings {
    @SuppressWarnings("deprecation")
    static void apply(ClientConfig client, JSONObject options) {
        client.setNamesrvAddr(options.getString("namesrv"));
        client.setInstanceName(options.getString("instance"));
        if (options.containsKey("unit")) {
            client.setUnitName(options.getString("unit"));
        }
        if (options.containsKey("namespace")) {
            client.setNamespace(options.getString("namespace"));
        }
        if (options.containsKey("pollNamesrvMs")) {
            client.setPollNameServerInterval(options.getIntValue("pollNamesrvMs"));
        }
    }
}
