package conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Map;
import org.apache.rocketmq.client.apis.ClientServiceProvider;
import org.apache.rocketmq.client.apis.message.Message;
import org.apache.rocketmq.client.apis.message.MessageBuilder;
import org.apache.rocketmq.client.apis.message.MessageView;

/** Messages as JSON; bodies are base64. */
final class Messages {
  private Messages() {}

  static JsonElement number(long number) {
    return new JsonPrimitive(number);
  }

  static Message fromJson(ClientServiceProvider provider, JsonObject json) {
    MessageBuilder builder =
        provider
            .newMessageBuilder()
            .setTopic(json.get("topic").getAsString())
            .setBody(Base64.getDecoder().decode(json.get("body").getAsString()));
    if (json.has("tag")) {
      builder.setTag(json.get("tag").getAsString());
    }
    if (json.has("keys")) {
      JsonArray keys = json.getAsJsonArray("keys");
      String[] texts = new String[keys.size()];
      for (int i = 0; i < texts.length; i += 1) {
        texts[i] = keys.get(i).getAsString();
      }
      builder.setKeys(texts);
    }
    if (json.has("properties")) {
      for (Map.Entry<String, JsonElement> entry : json.getAsJsonObject("properties").entrySet()) {
        builder.addProperty(entry.getKey(), entry.getValue().getAsString());
      }
    }
    if (json.has("messageGroup")) {
      builder.setMessageGroup(json.get("messageGroup").getAsString());
    }
    if (json.has("deliveryAtMs")) {
      builder.setDeliveryTimestamp(json.get("deliveryAtMs").getAsLong());
    }
    return builder.build();
  }

  static JsonObject toJson(long number, MessageView view) {
    JsonObject json = new JsonObject();
    json.addProperty("number", number);
    json.addProperty("messageId", view.getMessageId().toString());
    json.addProperty("topic", view.getTopic());
    view.getTag().ifPresent(tag -> json.addProperty("tag", tag));
    JsonArray keys = new JsonArray();
    view.getKeys().forEach(keys::add);
    json.add("keys", keys);
    JsonObject properties = new JsonObject();
    view.getProperties().forEach(properties::addProperty);
    json.add("properties", properties);
    ByteBuffer body = view.getBody();
    byte[] bytes = new byte[body.remaining()];
    body.get(bytes);
    json.addProperty("body", Base64.getEncoder().encodeToString(bytes));
    json.addProperty("bornHost", view.getBornHost());
    json.addProperty("bornAtMs", view.getBornTimestamp());
    json.addProperty("deliveryAttempt", view.getDeliveryAttempt());
    return json;
  }
}
