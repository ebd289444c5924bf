-- expect: cold_walk: number of entries that the walk for 0x80800000 reads from memory in lane cold. another number
-- Four levels of the guest and four of EPT: forgets that each guest table must be found first.
return { cold_walk = 8 }
