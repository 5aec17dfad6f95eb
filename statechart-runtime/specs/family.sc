// Children that speak to the machine that started them, and leave their states when they are stopped.

machine Boss {
  input { START  STOP  FINISH  SAY(n: Int)  LAST }
  output { HEARD(n: Int)  GONE }
  initial off
  on START -> on_
  state off { on SAY / emit HEARD(-event.n) }
  state on_ {
    do Kid(3) as kid
    on SAY / emit HEARD(event.n)
    on LAST -> off
    on FINISH / send kid END
    on STOP -> off
    on done(kid) -> off / emit GONE
  }
}

machine Kid(n: Int) {
  input { END }
  extern { action told(what: Text) }
  peer boss: Boss
  initial outer
  state outer {
    entry / send boss SAY(n)
    exit / told("outer"), send boss SAY(99)
    initial inner
    on END -> over / send boss SAY(7)
    state inner {
      entry / spawn Toy() as toy
      exit / told("inner")
    }
  }
  final over { entry / send boss SAY(8) }
}

machine Toy {
  input { X }
  extern { action told(what: Text) }
  initial a
  state a { exit / told("toy") on X }
}
