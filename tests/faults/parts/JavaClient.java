import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Creates tasks from several threads with the JDK's own client as it is by default: it asks for HTTP/2 by an
 * upgrade with each request, and never sends a POST again.
 *
 * java JavaClient.java http://127.0.0.1:8000 TOKEN THREADS TASKS
 *
 * Prints what came of the requests, a line each: how many, and a status or an exception.
 */
class JavaClient {
    private static final Map<String, AtomicInteger> outcomes = new ConcurrentSkipListMap<>();
    private static final HttpClient client = HttpClient.newHttpClient();

    public static void main(String[] arguments) throws InterruptedException {
        String address = arguments[0], token = arguments[1];
        int tasks = Integer.parseInt(arguments[3]);
        var threads = Executors.newFixedThreadPool(Integer.parseInt(arguments[2]));
        for (int number = 0; number < tasks; number++) {
            String task = "{\"title\": \"from Java: " + number + "\"}";
            HttpRequest request = HttpRequest.newBuilder(URI.create(address + "/tasks"))
                    .header("Authorization", "Bearer " + token)
                    .header("Content-Type", "application/json")
                    .POST(BodyPublishers.ofString(task))
                    .build();
            threads.execute(() -> count(outcome(request)));
        }
        threads.shutdown();
        threads.awaitTermination(10, TimeUnit.MINUTES);
        outcomes.forEach((outcome, count) -> System.out.println(count + " " + outcome));
    }

    private static String outcome(HttpRequest request) {
        try {
            return String.valueOf(client.send(request, BodyHandlers.ofString()).statusCode());
        } catch (Exception exception) {
            return exception.toString();
        }
    }

    private static void count(String outcome) {
        outcomes.computeIfAbsent(outcome, ignored -> new AtomicInteger()).incrementAndGet();
    }
}
