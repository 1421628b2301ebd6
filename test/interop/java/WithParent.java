import java.util.Arrays;

/**
 * Runs another class's main and ends the JVM when standard input ends: a test run that is killed, however hard,
 * closes the pipe, so that no name server or broker outlives it.
 *
 * <p>Usage: WithParent <main class> <arguments>
 */
public final class WithParent {
    private static final long HALT_AFTER_MS = 10_000;

    public static void main(String[] args) throws Exception {
        Thread watch = new Thread(WithParent::exitAtEndOfInput, "with-parent");
        watch.setDaemon(true);
        watch.start();
        Class.forName(args[0])
            .getMethod("main", String[].class)
            .invoke(null, (Object) Arrays.copyOfRange(args, 1, args.length));
    }

    private static void exitAtEndOfInput() {
        try {
            while (System.in.read() >= 0) {
                // whatever is written is ignored; only the end counts
            }
        } catch (java.io.IOException e) {
            // a broken pipe is an end, too
        }
        Thread halt = new Thread(WithParent::haltLater, "with-parent-halt");
        halt.setDaemon(true);
        halt.start();
        System.exit(0);
    }

    private static void haltLater() {
        try {
            Thread.sleep(HALT_AFTER_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Runtime.getRuntime().halt(1);
    }
}
