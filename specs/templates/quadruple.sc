/// The quadruple: 4 states, each symbol leads to the state of its number, whatever the state before.
///
/// `x` counts how often a state was its own successor.
machine Quadruple "Quadruple" #polygon {
  input { 0 1 2 3 }
  context { x: Int = 0 }

  initial s0

  state s0 #outer("10") {
    on 0 -> self / x := x + 1
    on 1 -> s1
    on 2 -> s2
    on 3 -> s3
  }

  state s1 {
    on 0 -> s0
    on 1 -> self / x := x + 1
    on 2 -> s2
    on 3 -> s3
  }

  accept state s2 #outer("20") {
    on 0 -> s0
    on 1 -> s1
    on 2 -> self / x := x + 1
    on 3 -> s3
  }

  state s3 #outer("5") {
    on 0 -> s0
    on 1 -> s1
    on 2 -> s2
    on 3 -> self / x := x + 1
  }
}
