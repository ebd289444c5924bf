-- expect: order_of_stops: the number of lanes that your answer names
return { order_of_stops = "hardware" }
