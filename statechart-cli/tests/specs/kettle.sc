/// Heats for a while, then keeps warm, then ends.
machine Kettle {
  input { ON READY }
  output { CLICK }
  extern { service heat() -> READY }
  initial off
  state off { on ON -> heating }
  state heating "Heating" {
    do heat()
    on READY -> warm
    after 30s -> warm
    defer ON
  }
  state warm {
    entry / emit CLICK
    after 1m -> over
    on ON / send self ON delay 5s
  }
  final over
}
