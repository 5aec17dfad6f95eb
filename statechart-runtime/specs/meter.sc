/// Adds up ticks, and shows in two states whether it does.
machine Meter "Meter" {
  input { TICK(by: Int)  FLIP  TOTAL }
  output { SUM(ticks: Int) }
  context { ticks: Int = 0 }

  initial on
  on TOTAL / emit SUM(ticks)

  state on "On" {
    on TICK / ticks := ticks + event.by
    on FLIP -> off
  }

  state off "Off" {
    on TICK
    on FLIP -> on
  }
}
