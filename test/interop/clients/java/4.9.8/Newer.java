import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.protocol.heartbeat.MessageModel;

/** Where the two versions of the client differ: what 4.9.8 has instead. */
final class Newer {
    static String recall(DefaultMQProducer producer, String topic, String handle) {
        throw new UnsupportedOperationException("no recallMessage");
    }

    static String recallHandle(SendResult result) {
        return null;
    }

    /** No method for it, but the property is the protocol. */
    static void deliverAt(Message message, long at) {
        message.putUserProperty("TIMER_DELIVER_MS", Long.toString(at));
    }

    static void pop(DefaultMQPushConsumer consumer) {
        throw new UnsupportedOperationException("no POP");
    }

    static void broadcast(DefaultMQPushConsumer consumer) {
        consumer.setMessageModel(MessageModel.BROADCASTING);
    }
}
