import "platform.sc"
import "producer.sc"
import "coordinator.sc"
import "consumer_fixed.sc"
import "consumer_dynamic.sc"
import "datastore.sc"

/// The whole platform: who tells whom what.
system DataPlatform "Market-Data Platform" {
  actor platform: Platform
  actor producer: Producer
  actor coordinator: Coordinator
  actor consumer_fixed[partition: Int]: ConsumerFixed
  actor consumer_dynamic[topic: Text]: ConsumerDynamic
  actor datastore[request: Int]: Datastore

  external CryptoCompare "CryptoCompare"
  external FixedTopic "tick-data", DynamicTopic "one topic a symbol"
  external TimescaleDB, Redis, Applications

  Applications -> platform : REQUEST_DATA
  platform     -> datastore : REQUEST_DATA
  datastore    -> TimescaleDB "query OHLCV"
  TimescaleDB  -> datastore "result, empty"
  datastore    -> Redis "check cache"
  Redis        -> datastore "hit, miss"
  datastore    -> coordinator : REQUEST_CREATE_TOPIC
  datastore    -> Applications "candles"

  producer    -> coordinator : CREATE_TOPIC_REQUEST
  coordinator -> producer : NOTIFY_PRODUCER | CREATE_TOPIC_SUCCESS | CREATE_TOPIC_FAILURE
  coordinator -> consumer_dynamic "spawn, stop" : SUBSCRIBE_TO_TOPIC
  consumer_dynamic -> coordinator : SUBSCRIBE_SUCCESS | SUBSCRIBE_FAILURE

  producer -> CryptoCompare "fetch, subscribe"
  CryptoCompare -> producer "history (REST), ticks (WebSocket)" #continuous
  producer     -> FixedTopic "publish" #continuous
  producer     -> DynamicTopic "publish"
  FixedTopic   -> consumer_fixed "consume" #continuous
  DynamicTopic -> consumer_dynamic "consume"

  consumer_fixed   -> TimescaleDB "write"
  consumer_fixed   -> Redis "update cache"
  consumer_dynamic -> TimescaleDB "write"
  consumer_dynamic -> Redis "update cache"
  consumer_dynamic -> datastore : DATA_FETCHED
  consumer_dynamic -> Applications "deliver"
}
