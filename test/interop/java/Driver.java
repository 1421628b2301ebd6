import com.alibaba.fastjson2.JSON;
import com.alibaba.fastjson2.JSONArray;
import com.alibaba.fastjson2.JSONObject;
import com.alibaba.fastjson2.JSONWriter;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.QueryResult;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.client.utils.MessageUtil;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageAccessor;
import org.apache.rocketmq.common.message.MessageClientExt;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * The unmodified Java client behind sub-commands: options `--name value` in, NDJSON out (field names of our own JSON),
 * messages to send as NDJSON on standard input. An exception is one line `{"error":…}`, exit 1.
 *
 * <p>send, sendBatch: --topic T [--group G], input {body|bodyBase64, tag, keys[], properties{}, queueId}
 * <br>pull: --topic T [--tag E] [--group G] [--max N], every queue from min to max offset, DefaultMQPullConsumer
 * <br>litePull: --topic T [--tag E] [--group G] [--commit true], what the group has not consumed,
 * DefaultLitePullConsumer.assign
 * <br>view: --topic T --id ID (offset id or unique key) · query: --topic T --key K
 * <br>recall: --topic T --handle H
 * <br>transaction: --topic T --group G --local commit|rollback|unknown, input as of send; or --topic T --group G --checked
 * commit|rollback --count N: no message is sent, prints N messages the broker asks about and says that of them
 * <br>consume: --topic T --group G --count N [--fail true] [--retries N], N deliveries to DefaultMQPushConsumer
 * <br>request: --topic T, input as of send; a consumer in the same process answers with the body in brackets
 * <br>ask: --topic T, input as of send, somebody else answers · answer: --topic T --count N, answers N requests like that
 * <br>offsets: --topic T [--group G] [--time ms] · commitOffset: --topic T --group G --queue N --offset N
 */
public final class Driver {
    private static final PrintStream OUT = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    private static final int PULL_BATCH = 32;
    private static final long POLL_MS = 500;
    private static final long PATIENCE_S = 60;

    private final Map<String, String> options;

    private Driver(Map<String, String> options) {
        this.options = options;
    }

    public static void main(String[] args) {
        int exit = 0;
        try {
            Map<String, String> options = new HashMap<>();
            for (int i = 1; i + 1 < args.length; i += 2) {
                options.put(args[i].substring(2), args[i + 1]);
            }
            new Driver(options).run(args[0]);
        } catch (Throwable e) {
            print(Map.of("error", withCauses(e)));
            exit = 1;
        }
        OUT.flush();
        // halt: the client's shutdown hooks only wait for netty, for seconds
        Runtime.getRuntime().halt(exit);
    }

    private static String withCauses(Throwable e) {
        String text = e.getClass().getSimpleName() + ": " + e.getMessage();
        return e.getCause() == null ? text : text + "; caused by " + withCauses(e.getCause());
    }

    private void run(String command) throws Exception {
        switch (command) {
            case "send":
                withProducer(this::send);
                break;
            case "recall":
                withProducer(p -> print(Map.of("msgId", p.recallMessage(option("topic"), option("handle")))));
                break;
            case "request":
                request();
                break;
            case "ask":
                withProducer(this::ask);
                break;
            case "answer":
                answer();
                break;
            case "transaction":
                transaction();
                break;
            case "consume":
                consume();
                break;
            case "sendBatch":
                withProducer(this::sendBatch);
                break;
            case "view":
                withProducer(p -> print(row(p.viewMessage(option("topic"), option("id")))));
                break;
            case "query":
                withProducer(this::query);
                break;
            case "pull":
                withPullConsumer(this::pull);
                break;
            case "offsets":
                withPullConsumer(this::offsets);
                break;
            case "commitOffset":
                withPullConsumer(this::commitOffset);
                break;
            case "litePull":
                litePull();
                break;
            default:
                throw new IllegalArgumentException("no such sub-command: " + command);
        }
    }

    private interface Use<C> {
        void with(C client) throws Exception;
    }

    private void withProducer(Use<DefaultMQProducer> use) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer(option("group", "interop-producer"));
        producer.setNamesrvAddr(option("namesrv"));
        producer.start();
        try {
            use.with(producer);
        } finally {
            producer.shutdown();
        }
    }

    @SuppressWarnings("deprecation")
    private void withPullConsumer(Use<DefaultMQPullConsumer> use) throws Exception {
        DefaultMQPullConsumer consumer = new DefaultMQPullConsumer(option("group", "interop-puller"));
        consumer.setNamesrvAddr(option("namesrv"));
        consumer.start();
        try {
            use.with(consumer);
        } finally {
            consumer.shutdown();
        }
    }

    private void send(DefaultMQProducer producer) throws Exception {
        for (JSONObject line : inputLines()) {
            Message message = message(line);
            Integer queueId = line.getInteger("queueId");
            SendResult result = queueId == null
                ? producer.send(message)
                : producer.send(message, (queues, m, wanted) -> find(queues, (int) wanted), queueId);
            print(row(result));
        }
    }

    private void sendBatch(DefaultMQProducer producer) throws Exception {
        List<Message> batch = new ArrayList<>();
        for (JSONObject line : inputLines()) {
            batch.add(message(line));
        }
        print(row(producer.send(batch)));
    }

    private void query(DefaultMQProducer producer) throws Exception {
        QueryResult result = producer.queryMessage(
            option("topic"), option("key"), PULL_BATCH, 0, System.currentTimeMillis() + 60_000);
        for (MessageExt message : result.getMessageList()) {
            print(row(message));
        }
    }

    @SuppressWarnings("deprecation")
    private void pull(DefaultMQPullConsumer consumer) throws Exception {
        for (MessageQueue queue : new TreeSet<>(consumer.fetchSubscribeMessageQueues(option("topic")))) {
            long offset = consumer.minOffset(queue);
            while (offset < consumer.maxOffset(queue)) {
                PullResult result = consumer.pull(queue, option("tag", "*"), offset, intOption("max", PULL_BATCH));
                if (result.getPullStatus() == PullStatus.FOUND) {
                    for (MessageExt message : result.getMsgFoundList()) {
                        print(row(message));
                    }
                }
                if (result.getNextBeginOffset() <= offset) {
                    throw new IllegalStateException("stuck at " + queue + ": " + result);
                }
                offset = result.getNextBeginOffset();
            }
        }
    }

    @SuppressWarnings("deprecation")
    private void offsets(DefaultMQPullConsumer consumer) throws Exception {
        for (MessageQueue queue : new TreeSet<>(consumer.fetchSubscribeMessageQueues(option("topic")))) {
            Map<String, Object> row = new TreeMap<>();
            row.put("brokerName", queue.getBrokerName());
            row.put("queueId", queue.getQueueId());
            row.put("minOffset", consumer.minOffset(queue));
            row.put("maxOffset", consumer.maxOffset(queue));
            row.put("searchOffset", consumer.searchOffset(queue, Long.parseLong(option("time", "0"))));
            row.put("consumerOffset", consumer.fetchConsumeOffset(queue, true));
            print(row);
        }
    }

    @SuppressWarnings("deprecation")
    private void commitOffset(DefaultMQPullConsumer consumer) throws Exception {
        int queueId = intOption("queue", 0);
        MessageQueue queue = find(consumer.fetchSubscribeMessageQueues(option("topic")), queueId);
        consumer.updateConsumeOffset(queue, Long.parseLong(option("offset")));
        consumer.getDefaultMQPullConsumerImpl().getOffsetStore().persist(queue);
    }

    private void litePull() throws Exception {
        DefaultLitePullConsumer consumer = new DefaultLitePullConsumer(option("group", "interop-lite-puller"));
        consumer.setNamesrvAddr(option("namesrv"));
        consumer.setAutoCommit(false);
        // Not seekToBegin after assign: it interrupts pulls under way, and an interrupted client closes its connection.
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.start();
        try {
            Collection<MessageQueue> queues = consumer.fetchMessageQueues(option("topic"));
            if (options.containsKey("tag")) {
                consumer.setSubExpressionForAssign(option("topic"), option("tag"));
            }
            consumer.assign(queues);
            // Two empty polls in a row: the assign tasks had their turn and nothing is left.
            for (int empty = 0; empty < 2; ) {
                List<MessageExt> messages = consumer.poll(POLL_MS);
                empty = messages.isEmpty() ? empty + 1 : 0;
                for (MessageExt message : messages) {
                    print(row(message));
                }
            }
            if (Boolean.parseBoolean(option("commit", "false"))) {
                consumer.commit();
            }
        } finally {
            consumer.shutdown();
        }
    }

    private void transaction() throws Exception {
        CountDownLatch left = new CountDownLatch(intOption("count", 0));
        TransactionMQProducer producer = new TransactionMQProducer(option("group"));
        producer.setNamesrvAddr(option("namesrv"));
        // else one that sends nothing knows no broker, and none knows it
        producer.setTopics(List.of(option("topic")));
        producer.setTransactionListener(new TransactionListener() {
            @Override
            public LocalTransactionState executeLocalTransaction(Message message, Object arg) {
                return state(option("local"));
            }

            @Override
            public LocalTransactionState checkLocalTransaction(MessageExt message) {
                LocalTransactionState said = state(option("checked", "unknown"));
                if (options.containsKey("checked")) {
                    printSafely(message);
                    left.countDown();
                }
                return said;
            }
        });
        producer.start();
        try {
            if (options.containsKey("local")) {
                for (JSONObject line : inputLines()) {
                    print(row(producer.sendMessageInTransaction(message(line), null)));
                }
            }
            if (!left.await(PATIENCE_S, TimeUnit.SECONDS)) {
                throw new IllegalStateException("not asked about " + left.getCount());
            }
            // what was said is sent one-way by a thread of the client
            Thread.sleep(POLL_MS);
        } finally {
            producer.shutdown();
        }
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

    private void consume() throws Exception {
        CountDownLatch left = new CountDownLatch(intOption("count", 1));
        boolean fails = Boolean.parseBoolean(option("fail", "false"));
        DefaultMQPushConsumer consumer = pushConsumer(option("group"), (messages, context) -> {
            for (MessageExt message : messages) {
                printSafely(message);
            }
            left.countDown();
            return fails ? ConsumeConcurrentlyStatus.RECONSUME_LATER : ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        if (options.containsKey("retries")) {
            consumer.setMaxReconsumeTimes(intOption("retries", 16));
        }
        consumer.start();
        try {
            if (!left.await(PATIENCE_S, TimeUnit.SECONDS)) {
                throw new IllegalStateException("not delivered: " + left.getCount());
            }
            // the last answer, or message that is sent back, is under way
            Thread.sleep(POLL_MS);
        } finally {
            consumer.shutdown();
        }
    }

    private DefaultMQPushConsumer pushConsumer(String group, MessageListenerConcurrently listener) throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(group);
        consumer.setNamesrvAddr(option("namesrv"));
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(option("topic"), "*");
        consumer.registerMessageListener(listener);
        return consumer;
    }

    private void request() throws Exception {
        answering(() -> withProducer(this::ask), new CountDownLatch(0));
    }

    private void answer() throws Exception {
        CountDownLatch left = new CountDownLatch(Integer.parseInt(option("count")));
        answering(() -> {
            if (!left.await(PATIENCE_S, TimeUnit.SECONDS)) {
                throw new IllegalStateException(left.getCount() + " requests did not come");
            }
        }, left);
    }

    private void ask(DefaultMQProducer producer) throws Exception {
        for (JSONObject line : inputLines()) {
            Message answer = producer.request(message(line), PATIENCE_S * 1000);
            print(Map.of("body", new String(answer.getBody(), StandardCharsets.UTF_8)));
        }
    }

    private interface Work {
        void run() throws Exception;
    }

    /** Requests are answered with their body in brackets meanwhile; {@code left} counts them. */
    private void answering(Work meanwhile, CountDownLatch left) throws Exception {
        DefaultMQProducer answering = new DefaultMQProducer("interop-answering");
        answering.setNamesrvAddr(option("namesrv"));
        // a JVM's first send may take longer than the three seconds of the default; who asked is gone at the second
        answering.setSendMsgTimeout((int) TimeUnit.SECONDS.toMillis(PATIENCE_S));
        answering.start();
        DefaultMQPushConsumer consumer = pushConsumer(option("group", "interop-answerer"), (messages, context) -> {
            try {
                for (MessageExt asked : messages) {
                    String body = "[" + new String(asked.getBody(), StandardCharsets.UTF_8) + "]";
                    answering.send(MessageUtil.createReplyMessage(asked, body.getBytes(StandardCharsets.UTF_8)));
                    left.countDown();
                }
                return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
            } catch (Exception e) {
                print(Map.of("error", withCauses(e)));
                return ConsumeConcurrentlyStatus.RECONSUME_LATER;
            }
        });
        consumer.start();
        try {
            meanwhile.run();
        } finally {
            consumer.shutdown();
            answering.shutdown();
        }
    }

    private static void printSafely(MessageExt message) {
        try {
            synchronized (OUT) {
                print(row(message));
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private List<JSONObject> inputLines() throws Exception {
        List<JSONObject> lines = new ArrayList<>();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            lines.add(JSON.parseObject(line));
        }
        return lines;
    }

    private Message message(JSONObject line) {
        String body64 = line.getString("bodyBase64");
        byte[] body = body64 != null
            ? Base64.getDecoder().decode(body64)
            : line.getString("body").getBytes(StandardCharsets.UTF_8);
        Message message = new Message(option("topic"), body);
        if (line.getString("tag") != null) {
            message.setTags(line.getString("tag"));
        }
        JSONArray keys = line.getJSONArray("keys");
        if (keys != null) {
            message.setKeys(keys.toJavaList(String.class));
        }
        JSONObject properties = line.getJSONObject("properties");
        if (properties != null) {
            properties.forEach((name, value) -> MessageAccessor.putProperty(message, name, (String) value));
        }
        return message;
    }

    private static MessageQueue find(Collection<MessageQueue> queues, int queueId) {
        return queues.stream().filter(queue -> queue.getQueueId() == queueId).findFirst().orElseThrow();
    }

    private static Map<String, Object> row(SendResult result) {
        Map<String, Object> row = new TreeMap<>();
        row.put("sendStatus", result.getSendStatus().name());
        row.put("msgId", result.getMsgId());
        row.put("offsetMsgId", result.getOffsetMsgId());
        row.put("brokerName", result.getMessageQueue().getBrokerName());
        row.put("queueId", result.getMessageQueue().getQueueId());
        row.put("queueOffset", result.getQueueOffset());
        row.put("recallHandle", result.getRecallHandle());
        row.put("transactionId", result.getTransactionId());
        return row;
    }

    /** As the client sees it: body inflated, its own MIN_OFFSET and MAX_OFFSET left out. */
    private static Map<String, Object> row(MessageExt message) throws Exception {
        Map<String, String> properties = new TreeMap<>(message.getProperties());
        properties.remove(MessageConst.PROPERTY_MIN_OFFSET);
        properties.remove(MessageConst.PROPERTY_MAX_OFFSET);
        Map<String, Object> row = new TreeMap<>();
        row.put("topic", message.getTopic());
        row.put("brokerName", message.getBrokerName());
        row.put("queueId", message.getQueueId());
        row.put("queueOffset", message.getQueueOffset());
        row.put("commitLogOffset", message.getCommitLogOffset());
        row.put("msgId", message.getMsgId());
        row.put("offsetMsgId", message instanceof MessageClientExt
            ? ((MessageClientExt) message).getOffsetMsgId()
            : MessageDecoder.createMessageId(message.getStoreHost(), message.getCommitLogOffset()));
        row.put("tag", message.getTags());
        String keys = message.getKeys();
        row.put("keys", keys == null ? List.of() : Arrays.asList(keys.split(MessageConst.KEY_SEPARATOR)));
        row.put("properties", properties);
        row.put("bornTimestamp", message.getBornTimestamp());
        row.put("storeTimestamp", message.getStoreTimestamp());
        row.put("bornHost", message.getBornHostString());
        row.put("storeHost", message.getStoreHost().toString().replaceFirst("^.*/", ""));
        row.put("reconsumeTimes", message.getReconsumeTimes());
        row.put("sysFlag", message.getSysFlag());
        row.put("flag", message.getFlag());
        row.put("bodyCrc", message.getBodyCRC());
        row.put("storeSize", message.getStoreSize());
        row.put("bodyBase64", Base64.getEncoder().encodeToString(message.getBody()));
        return row;
    }

    private static void print(Object row) {
        OUT.println(JSON.toJSONString(row, JSONWriter.Feature.WriteMapNullValue));
    }

    private String option(String name) {
        String value = options.get(name);
        if (value == null) {
            throw new IllegalArgumentException("--" + name + " is missing");
        }
        return value;
    }

    private String option(String name, String otherwise) {
        return options.getOrDefault(name, otherwise);
    }

    private int intOption(String name, int otherwise) {
        return Integer.parseInt(option(name, Integer.toString(otherwise)));
    }
}
