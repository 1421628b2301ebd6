import com.alibaba.fastjson.JSONArray;
import com.alibaba.fastjson.JSONObject;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.Collections;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Messages and results from and to JSON, in the names of client-process.ts. */
final class Messages {
    static Message of(JSONObject line) {
        Message message = new Message(line.getString("topic"), line.getString("body").getBytes(StandardCharsets.UTF_8));
        if (line.containsKey("tag")) {
            message.setTags(line.getString("tag"));
        }
        JSONArray keys = line.getJSONArray("keys");
        if (keys != null) {
            message.setKeys(keys.toJavaList(String.class));
        }
        JSONObject properties = line.getJSONObject("properties");
        if (properties != null) {
            properties.forEach((name, value) -> message.putUserProperty(name, (String) value));
        }
        if (line.containsKey("delayLevel")) {
            message.setDelayTimeLevel(line.getIntValue("delayLevel"));
        }
        if (line.containsKey("deliverAt")) {
            Newer.deliverAt(message, line.getLongValue("deliverAt"));
        }
        return message;
    }

    static MessageQueue find(Collection<MessageQueue> queues, int queueId) {
        return queues.stream().filter(queue -> queue.getQueueId() == queueId).findFirst().orElseThrow();
    }

    static JSONObject row(SendResult result) {
        JSONObject row = new JSONObject();
        row.put("sendStatus", result.getSendStatus().name());
        row.put("msgId", result.getMsgId());
        row.put("brokerName", result.getMessageQueue().getBrokerName());
        row.put("queueId", result.getMessageQueue().getQueueId());
        row.put("queueOffset", result.getQueueOffset());
        row.put("recallHandle", Newer.recallHandle(result));
        return row;
    }

    static JSONObject row(MessageExt message) {
        JSONObject row = new JSONObject();
        row.put("topic", message.getTopic());
        row.put("brokerName", message.getBrokerName());
        row.put("queueId", message.getQueueId());
        row.put("queueOffset", message.getQueueOffset());
        row.put("msgId", message.getMsgId());
        row.put("tag", message.getTags());
        String keys = message.getKeys();
        row.put("keys", keys == null ? Collections.emptyList() : Arrays.asList(keys.split(MessageConst.KEY_SEPARATOR)));
        row.put("properties", message.getProperties());
        row.put("storeTimestamp", message.getStoreTimestamp());
        row.put("reconsumeTimes", message.getReconsumeTimes());
        row.put("bodyBase64", Base64.getEncoder().encodeToString(message.getBody()));
        return row;
    }
}
