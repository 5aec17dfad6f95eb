/// Adds up ticks, and shows in two states whether it does.
machine Meter "Meter" {
  input { TICK(by: Int)  FLIP  TOTAL }
  output { SUM(ticks: Int) }
  context { ticks: Int = 0 }

  initial counting
  on TOTAL / emit SUM(ticks)

  state counting "Counting" {
    on TICK / ticks := ticks + event.by
    on FLIP -> resting
  }

  state resting "Resting" {
    on TICK
    on FLIP -> counting
  }
}
