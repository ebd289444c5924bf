-- expect: find_out: anything but 0
-- DS has an RPL too, and it is not the CPL.
return { find_out = "mov eax, ds\nand eax, 3" }
