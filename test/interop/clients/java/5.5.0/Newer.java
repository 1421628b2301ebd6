import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.remoting.protocol.heartbeat.MessageModel;

/** Where the two versions of the client differ: what 5.5.0 has. */
final class Newer {
    static String recall(DefaultMQProducer producer, String topic, String handle) throws Exception {
        return producer.recallMessage(topic, handle);
    }

    static String recallHandle(SendResult result) {
        return result.getRecallHandle();
    }

    static void deliverAt(Message message, long at) {
        message.setDeliverTimeMs(at);
    }

    static void pop(DefaultMQPushConsumer consumer) {
        consumer.setClientRebalance(false);
    }

    static void broadcast(DefaultMQPushConsumer consumer) {
        consumer.setMessageModel(MessageModel.BROADCASTING);
    }
}
