import java.util.Arrays;

/**
 * Runs another class's main and halts the JVM when standard input ends: a test run that is killed, however hard,
 * closes the pipe, so that no name server or broker outlives it.
 *
 * <p>Usage: WithParent <main class> <arguments>
 */
public final class WithParent {
    public static void main(String[] args) throws Exception {
        Thread watch = new Thread(WithParent::haltAtEndOfInput, "with-parent");
        watch.setDaemon(true);
        watch.start();
        Class.forName(args[0])
            .getMethod("main", String[].class)
            .invoke(null, (Object) Arrays.copyOfRange(args, 1, args.length));
    }

    private static void haltAtEndOfInput() {
        try {
            while (System.in.read() >= 0) {
                // whatever is written is ignored; only the end counts
            }
        } catch (java.io.IOException e) {
            // a broken pipe is an end, too
        }
        Runtime.getRuntime().halt(1);
    }
}
