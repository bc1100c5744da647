package conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import java.io.Closeable;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.rocketmq.client.apis.ClientConfiguration;
import org.apache.rocketmq.client.apis.ClientServiceProvider;
import org.apache.rocketmq.client.apis.consumer.ConsumeResult;
import org.apache.rocketmq.client.apis.consumer.FilterExpression;
import org.apache.rocketmq.client.apis.consumer.FilterExpressionType;
import org.apache.rocketmq.client.apis.consumer.SimpleConsumer;
import org.apache.rocketmq.client.apis.message.MessageView;
import org.apache.rocketmq.client.apis.producer.Producer;
import org.apache.rocketmq.client.apis.producer.Transaction;
import org.apache.rocketmq.client.apis.producer.TransactionResolution;

/** The clients that a test started, and the commands that act on them. */
final class Clients {
  private final ClientServiceProvider provider = ClientServiceProvider.loadService();
  private final ClientConfiguration configuration;
  private final Consumer<JsonObject> events;
  private final AtomicLong numbers = new AtomicLong();
  private final Map<Long, Producer> producers = new ConcurrentHashMap<>();
  private final Map<Long, SimpleConsumer> simpleConsumers = new ConcurrentHashMap<>();
  private final Map<Long, Closeable> pushConsumers = new ConcurrentHashMap<>();
  /** What was received, with the handle that the client keeps in it. */
  private final Map<Long, MessageView> views = new ConcurrentHashMap<>();
  private final Map<Long, Transaction> transactions = new ConcurrentHashMap<>();
  /** Calls of a transaction checker that wait for the test to say what it answers. */
  private final Map<Long, CompletableFuture<TransactionResolution>> checks =
      new ConcurrentHashMap<>();
  /** Calls of a push listener that wait for the test to say how they end. */
  private final Map<Long, CompletableFuture<Boolean>> calls = new ConcurrentHashMap<>();

  /** Dials TLS, as this client does unless it is told otherwise. */
  Clients(String endpoints, Duration requestTimeout, Consumer<JsonObject> events) {
    this.configuration =
        ClientConfiguration.newBuilder()
            .setEndpoints(endpoints)
            .setRequestTimeout(requestTimeout)
            .build();
    this.events = events;
  }

  JsonElement run(JsonObject command) throws Exception {
    switch (command.get("op").getAsString()) {
      case "producer":
        return startProducer(command);
      case "simple":
        return startSimpleConsumer(command);
      case "push":
        return startPushConsumer(command);
      case "send":
        return send(command);
      case "receive":
        return receive(command);
      case "ack":
        simpleConsumers.get(clientOf(command)).ack(views.get(numberOf(command, "message")));
        return JsonNull.INSTANCE;
      case "change":
        return change(command);
      case "settle":
        calls.remove(numberOf(command, "call")).complete(command.get("success").getAsBoolean());
        return JsonNull.INSTANCE;
      case "transactionProducer":
        return startTransactionProducer(command);
      case "begin":
        return begin(command);
      case "end":
        return end(command);
      case "verdict":
        checks
            .remove(numberOf(command, "call"))
            .complete(TransactionResolution.valueOf(command.get("verdict").getAsString()));
        return JsonNull.INSTANCE;
      case "shutdown":
        return shutdown(clientOf(command));
      default:
        throw new IllegalArgumentException("no such command: " + command);
    }
  }

  private JsonElement startProducer(JsonObject command) throws Exception {
    JsonArray topics = command.getAsJsonArray("topics");
    String[] names = new String[topics.size()];
    for (int i = 0; i < names.length; i += 1) {
      names[i] = topics.get(i).getAsString();
    }
    Producer producer =
        provider
            .newProducerBuilder()
            .setClientConfiguration(configuration)
            .setTopics(names)
            .build();
    return register(producers, producer);
  }

  private JsonElement startTransactionProducer(JsonObject command) throws Exception {
    long number = numbers.incrementAndGet();
    Producer producer =
        provider
            .newProducerBuilder()
            .setClientConfiguration(configuration)
            .setTopics(command.get("topic").getAsString())
            .setTransactionChecker(view -> check(number, view))
            .build();
    producers.put(number, producer);
    return Messages.number(number);
  }

  private TransactionResolution check(long producer, MessageView view) {
    long number = numbers.incrementAndGet();
    CompletableFuture<TransactionResolution> call = new CompletableFuture<>();
    checks.put(number, call);
    announce(producer, number, view);
    return call.join();
  }

  private JsonElement begin(JsonObject command) throws Exception {
    Producer producer = producers.get(clientOf(command));
    Transaction transaction = producer.beginTransaction();
    JsonObject result = new JsonObject();
    String messageId =
        producer
            .send(Messages.fromJson(provider, command.getAsJsonObject("message")), transaction)
            .getMessageId()
            .toString();
    long number = numbers.incrementAndGet();
    transactions.put(number, transaction);
    result.addProperty("messageId", messageId);
    result.addProperty("transaction", number);
    return result;
  }

  private JsonElement end(JsonObject command) throws Exception {
    Transaction transaction = transactions.get(numberOf(command, "transaction"));
    if (command.get("outcome").getAsString().equals("commit")) {
      transaction.commit();
    } else {
      transaction.rollback();
    }
    return JsonNull.INSTANCE;
  }

  private JsonElement startSimpleConsumer(JsonObject command) throws Exception {
    SimpleConsumer consumer =
        provider
            .newSimpleConsumerBuilder()
            .setClientConfiguration(configuration)
            .setConsumerGroup(command.get("group").getAsString())
            .setAwaitDuration(Duration.ofMillis(numberOf(command, "awaitMs")))
            .setSubscriptionExpressions(subscriptionOf(command))
            .build();
    return register(simpleConsumers, consumer);
  }

  private JsonElement startPushConsumer(JsonObject command) throws Exception {
    long number = numbers.incrementAndGet();
    Closeable consumer =
        provider
            .newPushConsumerBuilder()
            .setClientConfiguration(configuration)
            .setConsumerGroup(command.get("group").getAsString())
            .setSubscriptionExpressions(subscriptionOf(command))
            .setMessageListener(view -> consume(number, view))
            .build();
    pushConsumers.put(number, consumer);
    return Messages.number(number);
  }

  private ConsumeResult consume(long consumer, MessageView view) {
    long number = numbers.incrementAndGet();
    CompletableFuture<Boolean> call = new CompletableFuture<>();
    calls.put(number, call);
    announce(consumer, number, view);
    return call.join() ? ConsumeResult.SUCCESS : ConsumeResult.FAILURE;
  }

  private void announce(long client, long number, MessageView view) {
    JsonObject event = new JsonObject();
    event.addProperty("event", "message");
    event.addProperty("client", client);
    event.addProperty("call", number);
    event.add("message", Messages.toJson(number, view));
    events.accept(event);
  }

  private JsonElement send(JsonObject command) throws Exception {
    JsonObject result = new JsonObject();
    Producer producer = producers.get(clientOf(command));
    String messageId =
        producer
            .send(Messages.fromJson(provider, command.getAsJsonObject("message")))
            .getMessageId()
            .toString();
    result.addProperty("messageId", messageId);
    return result;
  }

  private JsonElement receive(JsonObject command) throws Exception {
    JsonArray messages = new JsonArray();
    int most = (int) numberOf(command, "maxMessages");
    Duration invisible = Duration.ofMillis(numberOf(command, "invisibleMs"));
    for (MessageView view : simpleConsumers.get(clientOf(command)).receive(most, invisible)) {
      long number = numbers.incrementAndGet();
      views.put(number, view);
      messages.add(Messages.toJson(number, view));
    }
    return messages;
  }

  private JsonElement change(JsonObject command) throws Exception {
    MessageView view = views.get(numberOf(command, "message"));
    Duration invisible = Duration.ofMillis(numberOf(command, "invisibleMs"));
    simpleConsumers.get(clientOf(command)).changeInvisibleDuration(view, invisible);
    return JsonNull.INSTANCE;
  }

  private JsonElement shutdown(long number) throws Exception {
    Closeable client = producers.remove(number);
    if (client == null) {
      client = simpleConsumers.remove(number);
    }
    if (client == null) {
      client = pushConsumers.remove(number);
    }
    client.close();
    return JsonNull.INSTANCE;
  }

  private <T> JsonElement register(Map<Long, T> clients, T client) {
    long number = numbers.incrementAndGet();
    clients.put(number, client);
    return Messages.number(number);
  }

  private static Map<String, FilterExpression> subscriptionOf(JsonObject command) {
    FilterExpression filter =
        command.has("sql")
            ? new FilterExpression(command.get("sql").getAsString(), FilterExpressionType.SQL92)
            : new FilterExpression(command.get("filter").getAsString());
    return Collections.singletonMap(command.get("topic").getAsString(), filter);
  }

  private static long clientOf(JsonObject command) {
    return numberOf(command, "client");
  }

  private static long numberOf(JsonObject command, String name) {
    return command.get(name).getAsLong();
  }
}
