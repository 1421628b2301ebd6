import com.alibaba.fastjson2.JSON;
import com.alibaba.fastjson2.JSONArray;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.rocketmq.broker.filter.MessageEvaluationContext;
import org.apache.rocketmq.filter.FilterFactory;
import org.apache.rocketmq.filter.expression.Expression;

/**
 * What RocketMQ's own SQL92 filter makes of expressions. Input: a line with a JSON array of property maps, then a
 * JSON string an expression. Output, a line each: E for one that does not compile, else a letter a map: T, F,
 * N null, X exception.
 */
public final class FilterJudge {
    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        List<MessageEvaluationContext> messages = new ArrayList<>();
        JSONArray maps = JSON.parseArray(in.readLine());
        for (int i = 0; i < maps.size(); i++) {
            Map<String, String> properties = new HashMap<>();
            maps.getJSONObject(i).forEach((name, value) -> properties.put(name, (String) value));
            messages.add(new MessageEvaluationContext(properties));
        }
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            out.println(judge((String) JSON.parse(line), messages));
        }
        out.flush();
    }

    private static String judge(String text, List<MessageEvaluationContext> messages) {
        Expression expression;
        try {
            expression = FilterFactory.INSTANCE.get("SQL92").compile(text);
        } catch (Exception e) {
            return "E";
        }
        StringBuilder verdicts = new StringBuilder();
        for (MessageEvaluationContext message : messages) {
            try {
                Object value = expression.evaluate(message);
                verdicts.append(value == null ? 'N' : (Boolean) value ? 'T' : 'F');
            } catch (Exception e) {
                verdicts.append('X');
            }
        }
        return verdicts.toString();
    }
}
