/// Sells what its stores hold, and pays later.
machine Shop {
  input { BUY(item: Text, region: Text)  STOCKED(item: Text)  CLOSE }
  output { SOLD(item: Text) }
  context { sold: Int = 0 }

  peer store: Store
  peer bank: Bank

  initial open

  accept state open {
    on BUY / send store FETCH(event.item, event.region)
    on STOCKED [sold < 2] / sold := sold + 1, emit SOLD(event.item), send bank PAY delay 5s
    on CLOSE -> closed
  }

  final closed
}

machine Store(region: Text) {
  input { FETCH(item: Text, region: Text) }

  peer shop: Shop

  initial ready

  accept state ready { on FETCH / send shop STOCKED(event.item + " from " + region) }
}

machine Bank {
  input { PAY AUDIT }
  output { CLINK }

  initial quiet

  accept state quiet {
    on PAY / emit CLINK
    on AUDIT -> busy
  }

  state busy {
    defer PAY
    after 1m -> quiet
  }
}

system Market {
  actor shop: Shop
  actor store[region: Text]: Store(region)
  actor bank: Bank

  shop -> store : FETCH
  store -> shop : STOCKED
  shop -> bank : PAY
}
