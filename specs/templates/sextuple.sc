/// 6 states at the corners of a hexagon: 1 goes on to the next corner, 0 stays and counts.
machine Sextuple "Sextuple" #polygon {
  input { 0 1 }
  context { x: Int = 0 }

  initial s0

  state s0 {
    on 0 -> self / x := x + 1
    on 1 -> s1
  }

  state s1 {
    on 0 -> self / x := x + 1
    on 1 -> s2
  }

  state s2 {
    on 0 -> self / x := x + 1
    on 1 -> s3
  }

  state s3 {
    on 0 -> self / x := x + 1
    on 1 -> s4
  }

  state s4 {
    on 0 -> self / x := x + 1
    on 1 -> s5
  }

  state s5 {
    on 0 -> self / x := x + 1
    on 1 -> s0
  }
}
