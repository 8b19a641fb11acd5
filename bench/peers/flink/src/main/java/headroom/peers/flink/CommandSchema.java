package headroom.peers.flink;

import headroom.peers.Command;
import headroom.peers.CommandEncoder;
import headroom.peers.Settings;
import java.nio.charset.StandardCharsets;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Commands to records. */
public final class CommandSchema implements KafkaRecordSerializationSchema<Command> {
  private static final long serialVersionUID = 1;
  private final Settings settings;
  private transient CommandEncoder encoder;

  public CommandSchema(Settings settings) {
    this.settings = settings;
  }

  @Override
  public ProducerRecord<byte[], byte[]> serialize(Command command, KafkaSinkContext context, Long timestamp) {
    if (encoder == null) encoder = new CommandEncoder(settings);
    ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(settings.actionTopic, text(command.key.target), encoder.encode(command));
    record.headers().add("type", text(CommandEncoder.TYPE)).add("subject", text(command.key.subject()));
    record.headers().add("lane", text(command.lane())).add("input_offset", text(Long.toString(command.offset)));
    return record;
  }

  private static byte[] text(String value) {
    return value.getBytes(StandardCharsets.UTF_8);
  }
}
