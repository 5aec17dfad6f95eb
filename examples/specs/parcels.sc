/// Sorts parcels. Each is weighed by a machine of its own, which may fail without harm to this one.
machine Sorter "Sorter" {
  input { PARCEL(number: Int) }
  output { SORTED(number: Int, grams: Int)  LOST(number: Int, why: Text) }
  extern {
    /// Prints a label.
    action label(number: Int)
  }

  initial ready

  accept state ready "Ready" {
    on PARCEL -> weighing(event.number) / label(event.number)
  }

  state weighing(number: Int) "Weighing" {
    do Scale(number)
    defer PARCEL
    on done(scale) -> ready / emit SORTED(number, event.result)
    on fault -> ready / emit LOST(number, event.kind)
    after 5s -> ready / emit LOST(number, "timed out")
  }
}

machine Scale(number: Int) "Scale" {
  input { WEIGHED(grams: Int) }
  extern { service weigh(number: Int) -> WEIGHED }

  initial weighing
  state weighing {
    do weigh(number)
    on WEIGHED -> over(event.grams)
  }
  final over(grams: Int) { return grams }
}
