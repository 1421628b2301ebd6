import com.alibaba.fastjson.JSON;
import com.alibaba.fastjson.JSONArray;
import com.alibaba.fastjson.JSONObject;
import com.alibaba.fastjson.serializer.SerializerFeature;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The unmodified Java client, RocketMQ 4.9.8's or 5.5.0's, behind lines of JSON: client-process.ts says which. Requests
 * run beside each other; the process halts when standard input ends.
 */
public final class ClientDriver {
    private static final PrintStream OUT = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    private static final Map<String, Producing> PRODUCERS = new ConcurrentHashMap<>();
    private static final Map<String, Consuming> CONSUMERS = new ConcurrentHashMap<>();

    public static void main(String[] args) throws Exception {
        ExecutorService requests = Executors.newCachedThreadPool();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            JSONObject request = JSON.parseObject(line);
            requests.execute(() -> answer(request));
        }
        Runtime.getRuntime().halt(0);
    }

    private static void answer(JSONObject request) {
        JSONObject answer = new JSONObject();
        answer.put("id", request.get("id"));
        try {
            answer.put("result", run(request));
        } catch (UnsupportedOperationException e) {
            answer.put("unsupported", e.getMessage());
        } catch (Throwable e) {
            answer.put("error", withCauses(e));
        }
        print(answer);
    }

    private static Object run(JSONObject request) throws Exception {
        String name = request.getString("client");
        switch (request.getString("op")) {
            case "producer":
                PRODUCERS.put(name, new Producing(request));
                return null;
            case "consumer":
                CONSUMERS.put(name, Consuming.start(request));
                return null;
            case "send":
                return producer(name).send(messages(request));
            case "sendAsync":
                return producer(name).sendAsync(messages(request));
            case "sendOneWay":
                return producer(name).sendOneWay(messages(request));
            case "sendBatch":
                return producer(name).sendBatch(messages(request));
            case "sendOrdered":
                return producer(name).sendOrdered(messages(request));
            case "sendTransaction":
                return producer(name).sendTransaction(messages(request), request.getString("local"));
            case "request":
                return producer(name).request(messages(request));
            case "recall":
                return Newer.recall(producer(name).client, request.getString("topic"), request.getString("handle"));
            case "view":
                return producer(name).view(request.getString("topic"), request.getString("msgId"));
            case "query":
                return producer(name).query(request.getString("topic"), request.getString("key"));
            case "pull":
                return consumer(name).pullAll(request.getString("topic"), request.getString("expression"));
            case "stop":
                stop(name);
                return null;
            default:
                throw new IllegalArgumentException("no such op: " + request);
        }
    }

    private static void stop(String name) {
        Producing producer = PRODUCERS.remove(name);
        if (producer != null) {
            producer.client.shutdown();
        }
        Consuming consumer = CONSUMERS.remove(name);
        if (consumer != null) {
            consumer.stop();
        }
    }

    static Producing producer(String name) {
        return there(PRODUCERS.get(name), name);
    }

    private static Consuming consumer(String name) {
        return there(CONSUMERS.get(name), name);
    }

    private static <C> C there(C client, String name) {
        if (client == null) {
            throw new IllegalArgumentException("no such client: " + name);
        }
        return client;
    }

    private static List<JSONObject> messages(JSONObject request) {
        JSONArray lines = request.getJSONArray("messages");
        List<JSONObject> messages = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            messages.add(lines.getJSONObject(i));
        }
        return messages;
    }

    private static String withCauses(Throwable e) {
        String text = e.getClass().getSimpleName() + ": " + e.getMessage();
        return e.getCause() == null ? text : text + "; caused by " + withCauses(e.getCause());
    }

    static void print(JSONObject line) {
        String text = JSON.toJSONString(line, SerializerFeature.WriteMapNullValue, SerializerFeature.DisableCircularReferenceDetect);
        synchronized (OUT) {
            OUT.println(text);
            OUT.flush();
        }
    }
}
