import com.alibaba.fastjson.JSONObject;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** A producer of the client, and what is done with it. */
final class Producing {
    private static final long PATIENCE_MS = 30_000;

    final DefaultMQProducer client;

    Producing(JSONObject options) throws Exception {
        String checked = options.getString("checked");
        String group = options.getString("group");
        client = checked == null
            ? new DefaultMQProducer(group, null, options.getBooleanValue("trace"), null)
            : transactional(group, checked, options.getString("client"));
        Settings.apply(client, options);
        if (options.containsKey("compressOver")) {
            client.setCompressMsgBodyOverHowmuch(options.getIntValue("compressOver"));
        }
        // more than the default 3 s: dozens of clients start beside each other
        client.setSendMsgTimeout((int) PATIENCE_MS);
        client.start();
    }

    private static TransactionMQProducer transactional(String group, String checked, String name) {
        TransactionMQProducer producer = new TransactionMQProducer(group);
        producer.setTransactionListener(new TransactionListener() {
            @Override
            public LocalTransactionState executeLocalTransaction(Message message, Object local) {
                return state((String) local);
            }

            @Override
            public LocalTransactionState checkLocalTransaction(MessageExt message) {
                JSONObject event = Messages.row(message);
                event.put("event", "check");
                event.put("client", name);
                ClientDriver.print(event);
                return state(checked);
            }
        });
        return producer;
    }

    private static LocalTransactionState state(String word) {
        switch (word) {
            case "commit":
                return LocalTransactionState.COMMIT_MESSAGE;
            case "rollback":
                return LocalTransactionState.ROLLBACK_MESSAGE;
            default:
                return LocalTransactionState.UNKNOW;
        }
    }

    List<JSONObject> send(List<JSONObject> lines) throws Exception {
        List<JSONObject> rows = new ArrayList<>();
        for (JSONObject line : lines) {
            Integer queueId = line.getInteger("queueId");
            Message message = Messages.of(line);
            rows.add(Messages.row(queueId == null
                ? client.send(message)
                : client.send(message, (queues, m, wanted) -> Messages.find(queues, (int) wanted), queueId)));
        }
        return rows;
    }

    List<JSONObject> sendAsync(List<JSONObject> lines) throws Exception {
        List<CompletableFuture<SendResult>> sent = new ArrayList<>();
        for (JSONObject line : lines) {
            CompletableFuture<SendResult> result = new CompletableFuture<>();
            sent.add(result);
            client.send(Messages.of(line), new SendCallback() {
                @Override
                public void onSuccess(SendResult sendResult) {
                    result.complete(sendResult);
                }

                @Override
                public void onException(Throwable e) {
                    result.completeExceptionally(e);
                }
            });
        }
        List<JSONObject> rows = new ArrayList<>();
        for (CompletableFuture<SendResult> result : sent) {
            rows.add(Messages.row(result.get(PATIENCE_MS, TimeUnit.MILLISECONDS)));
        }
        return rows;
    }

    Object sendOneWay(List<JSONObject> lines) throws Exception {
        for (JSONObject line : lines) {
            client.sendOneway(Messages.of(line));
        }
        return null;
    }

    List<JSONObject> sendBatch(List<JSONObject> lines) throws Exception {
        List<Message> batch = new ArrayList<>();
        for (JSONObject line : lines) {
            batch.add(Messages.of(line));
        }
        return List.of(Messages.row(client.send(batch)));
    }

    /** Each to the queue that its shardingKey's hash chooses, as the examples of RocketMQ do. */
    List<JSONObject> sendOrdered(List<JSONObject> lines) throws Exception {
        List<JSONObject> rows = new ArrayList<>();
        for (JSONObject line : lines) {
            String key = line.getString("shardingKey");
            rows.add(Messages.row(client.send(
                Messages.of(line), (queues, m, arg) -> queues.get(Math.floorMod(arg.hashCode(), queues.size())), key)));
        }
        return rows;
    }

    List<JSONObject> sendTransaction(List<JSONObject> lines, String local) throws Exception {
        List<JSONObject> rows = new ArrayList<>();
        for (JSONObject line : lines) {
            rows.add(Messages.row(((TransactionMQProducer) client).sendMessageInTransaction(Messages.of(line), local)));
        }
        return rows;
    }

    List<String> request(List<JSONObject> lines) throws Exception {
        List<String> answers = new ArrayList<>();
        for (JSONObject line : lines) {
            Message answer = client.request(Messages.of(line), PATIENCE_MS);
            answers.add(new String(answer.getBody(), StandardCharsets.UTF_8));
        }
        return answers;
    }

    JSONObject view(String topic, String msgId) throws Exception {
        return Messages.row(client.viewMessage(topic, msgId));
    }

    List<JSONObject> query(String topic, String key) throws Exception {
        List<JSONObject> rows = new ArrayList<>();
        long end = System.currentTimeMillis() + PATIENCE_MS;
        for (MessageExt message : client.queryMessage(topic, key, 32, 0, end).getMessageList()) {
            rows.add(Messages.row(message));
        }
        return rows;
    }
}
