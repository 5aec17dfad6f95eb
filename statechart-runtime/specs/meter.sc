/// Counts ticks, and shows in two states whether it does.
machine Meter "Meter" {
  input { TICK  FLIP  TOTAL }
  output { SUM(ticks: Int) }
  context { ticks: Int = 0 }

  initial on
  on TOTAL / emit SUM(ticks)

  state on "On" {
    on TICK / ticks := ticks + 1
    on FLIP -> off
  }

  state off "Off" {
    on TICK
    on FLIP -> on
  }
}
