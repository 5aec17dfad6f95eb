machine Lamp {
  input { FLIP }
  output { LIT(times: Int) }
  context { times: Int = 0 }
  initial off
  state off { on FLIP -> on_ / times := times + 1, emit LIT(times) }
  state on_ { on FLIP -> off }
}
