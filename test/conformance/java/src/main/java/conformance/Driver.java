package conformance;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * ENDPOINTS REQUEST_TIMEOUT_MS: runs the public Java client for a test in another language: one
 * command a line on stdin, as
 * {"id":1,"op":"send",…}, one answer a line on stdout, as {"id":1,"result":…} or
 * {"id":1,"error":"…"}; commands run side by side. What a push consumer got comes as
 * {"event":"message",…} and waits for the command "settle". Ends when stdin does.
 */
public final class Driver {
  private final PrintStream out;
  private final ExecutorService executor = Executors.newCachedThreadPool();
  private final Clients clients;

  private Driver(PrintStream out, String endpoints, Duration requestTimeout) {
    this.out = out;
    this.clients = new Clients(endpoints, requestTimeout, this::print);
  }

  public static void main(String[] arguments) throws Exception {
    PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), false, "UTF-8");
    // Only answers may go to stdout, whatever a library prints.
    System.setOut(System.err);
    Duration requestTimeout = Duration.ofMillis(Long.parseLong(arguments[1]));
    Driver driver = new Driver(out, arguments[0], requestTimeout);
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      JsonObject command = JsonParser.parseString(line).getAsJsonObject();
      driver.executor.execute(() -> driver.answer(command));
    }
    // A client that is stopped waits for its polls; the test doesn't.
    Runtime.getRuntime().halt(0);
  }

  private void answer(JsonObject command) {
    JsonObject answer = new JsonObject();
    answer.add("id", command.get("id"));
    try {
      answer.add("result", clients.run(command));
    } catch (Throwable failure) {
      StringBuilder text = new StringBuilder();
      for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
        text.append(cause).append('\n');
      }
      answer.addProperty("error", text.toString());
    }
    print(answer);
  }

  private synchronized void print(JsonObject line) {
    out.println(line);
    out.flush();
  }
}
