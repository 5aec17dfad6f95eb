/// The least that an actor can do: count, and say how far it has come.
machine Counter {
  input { ADD(n: Int) GET }
  output { TOTAL(n: Int) }
  context { total: Int = 0 }
  initial counting

  state counting {
    on ADD / total := total + event.n
    on GET / emit TOTAL(total)
  }
}
