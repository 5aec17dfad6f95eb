/// A heater with a thermostat: rests after every burn, and locks itself after three failed ignitions.
strict machine Heater "Heater" {
  input { TEMPERATURE(tenths: Int)  FLAME  RESET }
  output { VALVE(open: Bool)  SPARK  FAILED(reason: Text) }
  context { wanted: Int = 200  failures: Int = 0 }

  extern {
    guard tank_full()
    action blink(times: Int)
  }

  initial resting

  state resting "Resting" {
    on TEMPERATURE [event.tenths < wanted - 5 and tank_full()] -> igniting
    on TEMPERATURE | FLAME | RESET
  }

  state igniting "Igniting" {
    entry / emit VALVE(true), emit SPARK
    on FLAME                -> burning / failures := 0
    on TEMPERATURE | RESET
    after 4s                -> venting / failures := failures + 1
  }

  state burning "Burning" {
    exit / emit VALVE(false)
    on TEMPERATURE [event.tenths > wanted + 5] -> resting
    on TEMPERATURE | FLAME | RESET
  }

  state venting "Venting" {
    entry / emit VALVE(false), blink(failures)
    always [failures >= 3] -> locked
    on TEMPERATURE | FLAME | RESET
    after 30s -> igniting
  }

  state locked "Locked" #alarm {
    entry / emit FAILED("no flame after three ignitions")
    on RESET -> resting / failures := 0
    on TEMPERATURE | FLAME
  }
}
