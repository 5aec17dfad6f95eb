machine Broken {
  input { FLIP }
  initial of
  state off { on FLPI -> on_ / emit LIT }
  state on_ { on FLIP -> off }
}
