-- expect: order_of_stops: the order of stops during address_space #2
-- Who asks must ask least, one might think; but hardware need not ask at all.
return { order_of_stops = "para hardware full" }
