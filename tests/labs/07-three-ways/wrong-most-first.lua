-- expect: order_of_stops: counted: hardware 1, para 2, full 4
-- Right, but from the most stops to the fewest.
return { order_of_stops = "full > para > hardware" }
