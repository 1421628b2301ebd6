import com.alibaba.fastjson2.JSON;
import com.alibaba.fastjson2.JSONObject;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.Permission;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.store.OffsetStore;
import org.apache.rocketmq.client.consumer.store.ReadOffsetType;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.tools.command.MQAdminStartup;

/**
 * Many runs of mqadmin in one JVM, with a traced producer and consumer beside them. The first line in is
 * `{"namesrv","topic","group"}`, its answer `{"msgId","offsetMsgId","clientId"}` once the message was consumed. Then
 * come commands, `{"args":[…]}` each; after an empty line, what each of them said: `{"stdout","stderr","ended"}`.
 */
public final class AdminSweep {
    private static final long LIMIT_MS = 20_000;

    private static final Set<String> ENDLESS = Set.of("startMonitoring", "clusterRT");
    /** Where the output of a command goes: that of its thread, and of all threads that it starts. */
    private static final InheritableThreadLocal<Run> RUN = new InheritableThreadLocal<>();

    public static void main(String[] args) throws Exception {
        PrintStream answers = System.out;
        System.setSecurityManager(new NoExit());
        System.setOut(new PrintStream(new OfRun(run -> run.stdout, System.err), true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(new OfRun(run -> run.stderr, System.err), true, StandardCharsets.UTF_8));
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        answers.println(JSON.toJSONString(startClients(JSON.parseObject(lines.readLine()))));
        List<Run> runs = new ArrayList<>();
        for (String line = lines.readLine(); line != null && !line.isEmpty(); line = lines.readLine()) {
            Run run = new Run(JSON.parseObject(line).getJSONArray("args").toArray(String.class));
            runs.add(run);
            run.awaitOutput();
        }
        for (Run run : runs) {
            answers.println(JSON.toJSONString(run.result()));
        }
        // clients and endless commands end with it
        Runtime.getRuntime().halt(0);
    }

    private static Map<String, Object> startClients(JSONObject options) throws Exception {
        String topic = options.getString("topic");
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(options.getString("group"));
        consumer.setEnableTrace(true);
        consumer.setNamesrvAddr(options.getString("namesrv"));
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(topic, "*");
        Object consumed = new Object();
        boolean[] isConsumed = new boolean[1];
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            synchronized (consumed) {
                isConsumed[0] = true;
                consumed.notifyAll();
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        DefaultMQProducer producer = new DefaultMQProducer("SweepProducers");
        producer.setEnableTrace(true);
        producer.setNamesrvAddr(options.getString("namesrv"));
        producer.start();
        Message message = new Message(topic, "TagA", "key0", "body 0".getBytes(StandardCharsets.UTF_8));
        SendResult sent = producer.send(message, (queues, each, arg) -> queues.get(0), null);
        consumer.start();
        synchronized (consumed) {
            for (long until = System.currentTimeMillis() + LIMIT_MS; !isConsumed[0]; ) {
                if (System.currentTimeMillis() >= until) {
                    throw new IllegalStateException("nothing was consumed");
                }
                consumed.wait(100);
            }
        }
        // known to the broker, too, which hears of it every five seconds; reading it sets what the client remembers, which
        // may go back to what the broker knew before
        OffsetStore offsets = consumer.getDefaultMQPushConsumerImpl().getOffsetStore();
        for (int steady = 0; steady < 5; ) {
            offsets.updateOffset(sent.getMessageQueue(), 1, true);
            consumer.getDefaultMQPushConsumerImpl().persistConsumerOffset();
            Thread.sleep(20);
            boolean isKnown = offsets.readOffset(sent.getMessageQueue(), ReadOffsetType.READ_FROM_STORE) >= 1;
            steady = isKnown ? steady + 1 : 0;
        }
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("msgId", sent.getMsgId());
        row.put("offsetMsgId", sent.getOffsetMsgId());
        row.put("clientId", consumer.getDefaultMQPushConsumerImpl().getmQClientFactory().getClientId());
        return row;
    }

    /** One command. Its clients may take three seconds to shut down: the next one does not wait for that. */
    private static final class Run {
        final ByteArrayOutputStream stdout = new ByteArrayOutputStream();
        final ByteArrayOutputStream stderr = new ByteArrayOutputStream();
        private final Thread thread;
        private final long until;

        Run(String[] command) {
            boolean isEndless = command.length > 0 && ENDLESS.contains(command[0]);
            until = System.currentTimeMillis() + (isEndless ? 2_500 : LIMIT_MS);
            thread = new Thread(() -> {
                RUN.set(this);
                MQAdminStartup.main0(command, null);
            }, "mqadmin");
            thread.setDaemon(true);
            thread.start();
        }

        void awaitOutput() throws InterruptedException {
            while (thread.isAlive() && !isShuttingDown() && System.currentTimeMillis() < until) {
                thread.join(5);
            }
        }

        private boolean isShuttingDown() {
            return Arrays.stream(thread.getStackTrace())
                .anyMatch(at -> at.getMethodName().equals("shutdown") && at.getClassName().startsWith("org.apache.rocketmq"));
        }

        Map<String, Object> result() throws InterruptedException {
            thread.join(Math.max(1, until - System.currentTimeMillis()));
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("ended", !thread.isAlive());
            row.put("stdout", stdout.toString(StandardCharsets.UTF_8));
            row.put("stderr", stderr.toString(StandardCharsets.UTF_8));
            return row;
        }
    }

    private static final class OfRun extends OutputStream {
        private final Function<Run, OutputStream> choose;
        private final OutputStream otherwise;

        OfRun(Function<Run, OutputStream> choose, OutputStream otherwise) {
            this.choose = choose;
            this.otherwise = otherwise;
        }

        @Override
        public void write(int one) throws IOException {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            Run run = RUN.get();
            (run == null ? otherwise : choose.apply(run)).write(bytes, from, length);
        }
    }

    /** mqadmin ends its JVM for a usage error. */
    private static final class NoExit extends SecurityManager {
        @Override
        public void checkPermission(Permission permission) {
            if (permission.getName().startsWith("exitVM")) {
                throw new SecurityException(permission.getName());
            }
        }

        @Override
        public void checkPermission(Permission permission, Object context) {
            checkPermission(permission);
        }
    }
}
