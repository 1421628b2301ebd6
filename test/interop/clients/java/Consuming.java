import com.alibaba.fastjson.JSONObject;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMessageQueueAveragely;
import org.apache.rocketmq.client.utils.MessageUtil;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** A consumer of the client. What is delivered to it is printed as an event. */
abstract class Consuming {
    private static final int PULL_BATCH = 32;
    private static final long POLL_MS = 200;

    abstract void stop();

    List<JSONObject> pullAll(String topic, String expression) throws Exception {
        throw new IllegalStateException("pulls by itself");
    }

    static Consuming start(JSONObject options) throws Exception {
        switch (options.getString("kind")) {
            case "pull":
                return pull(options);
            case "lite":
            case "assign":
                return lite(options);
            default:
                return push(options);
        }
    }

    private static Consuming push(JSONObject options) throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(
            options.getString("group"), null, new AllocateMessageQueueAveragely(), options.getBooleanValue("trace"), null);
        Settings.apply(consumer, options);
        consumer.setConsumeFromWhere(from(options.getString("from")));
        if (options.containsKey("fromTime")) {
            consumer.setConsumeTimestamp(options.getString("fromTime"));
        }
        if (options.getBooleanValue("broadcast")) {
            Newer.broadcast(consumer);
        }
        if (options.containsKey("retries")) {
            consumer.setMaxReconsumeTimes(options.getIntValue("retries"));
        }
        consumer.setSuspendCurrentQueueTimeMillis(200);
        if (options.containsKey("sql")) {
            consumer.subscribe(options.getString("topic"), MessageSelector.bySql(options.getString("sql")));
        } else {
            consumer.subscribe(options.getString("topic"), options.getString("expression"));
        }
        AtomicInteger failures = new AtomicInteger(options.getIntValue("failures"));
        if (options.getString("kind").equals("orderly")) {
            consumer.registerMessageListener((MessageListenerOrderly) (messages, context) ->
                delivered(options, failures, messages)
                    ? ConsumeOrderlyStatus.SUCCESS : ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT);
        } else {
            consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) ->
                delivered(options, failures, messages)
                    ? ConsumeConcurrentlyStatus.CONSUME_SUCCESS : ConsumeConcurrentlyStatus.RECONSUME_LATER);
        }
        if (options.getString("kind").equals("pop")) {
            Newer.pop(consumer);
        }
        consumer.start();
        return new Consuming() {
            @Override
            void stop() {
                consumer.shutdown();
            }
        };
    }

    private static ConsumeFromWhere from(String word) {
        switch (word) {
            case "first":
                return ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET;
            case "time":
                return ConsumeFromWhere.CONSUME_FROM_TIMESTAMP;
            default:
                return ConsumeFromWhere.CONSUME_FROM_LAST_OFFSET;
        }
    }

    /** True: consumed. */
    private static boolean delivered(JSONObject options, AtomicInteger failures, List<MessageExt> messages) {
        boolean fails = failures.getAndUpdate(left -> left > 0 ? left - 1 : left) != 0;
        for (MessageExt message : messages) {
            printed(options, message);
        }
        try {
            if (options.containsKey("answersWith")) {
                for (MessageExt asked : messages) {
                    byte[] body = ("[" + new String(asked.getBody(), StandardCharsets.UTF_8) + "]").getBytes(StandardCharsets.UTF_8);
                    ClientDriver.producer(options.getString("answersWith")).client
                        .send(MessageUtil.createReplyMessage(asked, body));
                }
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        return !fails;
    }

    private static void printed(JSONObject options, MessageExt message) {
        JSONObject event = Messages.row(message);
        event.put("event", "message");
        event.put("client", options.getString("client"));
        ClientDriver.print(event);
    }

    private static Consuming lite(JSONObject options) throws Exception {
        DefaultLitePullConsumer consumer = new DefaultLitePullConsumer(options.getString("group"));
        Settings.apply(consumer, options);
        consumer.setConsumeFromWhere(from(options.getString("from")));
        consumer.setAutoCommit(false);
        consumer.setPollTimeoutMillis(POLL_MS);
        String topic = options.getString("topic");
        String expression = options.getString("expression");
        if (options.getString("kind").equals("lite")) {
            consumer.subscribe(topic, expression);
            consumer.start();
        } else {
            consumer.start();
            Collection<MessageQueue> queues = consumer.fetchMessageQueues(topic);
            consumer.assign(queues);
            if (options.containsKey("seekTo")) {
                for (MessageQueue queue : queues) {
                    consumer.seek(queue, options.getLongValue("seekTo"));
                }
            }
        }
        Thread polling = new Thread(() -> {
            while (consumer.isRunning()) {
                List<MessageExt> messages = consumer.poll();
                for (MessageExt message : messages) {
                    printed(options, message);
                }
                if (!messages.isEmpty()) {
                    consumer.commitSync();
                }
            }
        }, "poll");
        polling.start();
        return new Consuming() {
            @Override
            void stop() {
                consumer.shutdown();
            }
        };
    }

    @SuppressWarnings("deprecation")
    private static Consuming pull(JSONObject options) throws Exception {
        DefaultMQPullConsumer consumer = new DefaultMQPullConsumer(options.getString("group"));
        Settings.apply(consumer, options);
        consumer.start();
        return new Consuming() {
            @Override
            void stop() {
                consumer.shutdown();
            }

            @Override
            List<JSONObject> pullAll(String topic, String expression) throws Exception {
                List<JSONObject> rows = new ArrayList<>();
                for (MessageQueue queue : new TreeSet<>(consumer.fetchSubscribeMessageQueues(topic))) {
                    long offset = consumer.minOffset(queue);
                    while (offset < consumer.maxOffset(queue)) {
                        PullResult result = consumer.pull(queue, expression, offset, PULL_BATCH);
                        if (result.getPullStatus() == PullStatus.FOUND) {
                            for (MessageExt message : result.getMsgFoundList()) {
                                rows.add(Messages.row(message));
                            }
                        }
                        if (result.getNextBeginOffset() <= offset) {
                            throw new IllegalStateException("stuck at " + queue + ": " + result);
                        }
                        offset = result.getNextBeginOffset();
                    }
                }
                return rows;
            }
        };
    }
}
