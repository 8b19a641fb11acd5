package headroom.peers.flink;

import headroom.peers.Sample;
import headroom.peers.SampleDecoder;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Records to samples. One object for all: source, operator and sink are one chain and objects are reused. */
public final class SampleSchema implements KafkaRecordDeserializationSchema<Sample> {
  private static final long serialVersionUID = 1;
  private transient SampleDecoder decoder;
  private transient Sample sample;

  @Override
  public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<Sample> out) {
    if (decoder == null) {
      decoder = new SampleDecoder();
      sample = new Sample();
    }
    if (!decoder.decode(record.value(), sample)) return;
    sample.partition = record.partition();
    sample.offset = record.offset();
    out.collect(sample);
  }

  @Override
  public TypeInformation<Sample> getProducedType() {
    return TypeInformation.of(Sample.class);
  }
}
