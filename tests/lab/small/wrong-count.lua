-- expect: exits: Not right yet: the exits.
return { exits = 3 }
