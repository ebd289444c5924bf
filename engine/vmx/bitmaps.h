// I/O bitmaps and MSR bitmaps in host-physical memory: SDM vol. 3, "I/O-Bitmap Addresses", "MSR-Bitmap Address". A
// bitmap that lies outside memory reads as all ones, so everything in it exits.
#pragma once

#include "memory/host_memory.h"
#include "vmx/vmcs.h"

namespace trapline::vmx {

// Whether any of the ports of an access is reserved, or the access wraps around the end of the port space.
bool io_bitmaps_reserve(const Vmcs& vmcs, const memory::HostMemory& memory, u16 port, u8 size);

enum class MsrAccess : u8 { read, write };
// MSRs outside 0 to 1FFFH and C0000000H to C0001FFFH are always reserved.
bool msr_bitmaps_reserve(const Vmcs& vmcs, const memory::HostMemory& memory, u32 index, MsrAccess access);

}  // namespace trapline::vmx
