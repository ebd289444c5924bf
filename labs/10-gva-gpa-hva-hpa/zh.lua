-- 实验 10 的中文文字。运行什么、什么算对，都在 lab.lua 和 check.lua 中。
return {
  title = "GVA、GPA、HVA、HPA",
  summary = "客户机的指针与内存中的一个字节之间，隔着四种地址：谁转换哪一种，又靠什么来转换。",
  tasks = {
    four_entries = {
      title = "四个表项在哪里",
      question = function(_, facts)
        return ("泳道 mapped 就要转换线性地址 0x%x，此时 CR3 = 0x1000。途中的四个表项的内容是：%s。这四个表项本身位于哪些客户机物理地址？"
          .. "请用列表回答，PML4E 在前，例如 {0x1008, 0x2010, 0x3018, 0x4020}。"):format(facts.small, facts.entries)
      end,
      hints = {
        "每张表有 512 个表项，每个 8 字节，所以由线性地址的 9 位选出一个。在 PML4 中，是哪 9 位来选？",
        "位 47:39 选 PML4E，位 38:30 选 PDPTE，位 29:21 选 PDE，位 20:12 选 PTE。",
        "PML4E 位于 (CR3 & 0xffffffffff000) + 8 * ((address >> 39) & 511)。下一张表从 PML4E 的位 51:12 所指之处开始；"
          .. "接着把 39 换成 30、21、12，照样做下去。",
      },
    },
    large_page = {
      title = "2 MiB 大页中的字节",
      question = function(_, facts)
        return ("现在泳道 mapped 转换线性地址 0x%x。这次有三个表项：%s。结果是哪个客户机物理地址？请用一个数回答，例如 0x123458。")
          :format(facts.large, facts.large_entries)
      end,
      hints = {
        "遍历到 PDE 为止，因为它的位 7（PS）置位。线性地址还剩下哪些位没有用到？",
        "线性地址的位 20:0 是 2 MiB 页内的偏移；页的地址是 PDE 的位 51:21。",
      },
    },
    frames = {
      title = "一个线性地址，内存中的几处",
      question = function(_, facts)
        return ("在泳道 tour 中，线性页 0x%x 先后被转换到内存中不止一页。整次运行中，是哪些宿主机物理页？请用列表回答，次序不限，"
          .. "例如 {0x9a9000, 0x1358000}。"):format(facts.page)
      end,
      hints = {
        "另一个地址空间有另一个 CR3，内核也可能改动映射。请找出这一页的所有遍历：`scripts/trapline events TRACE --where "
          .. "'walk_end.gva in FIRST..LAST'`，从这一页的第一个字节到最后一个字节。",
        "outcome 为 translated 的 walk_end 事件，其字段 hpa 是该字节的宿主机物理地址；它所在的页是 hpa & ~0xfff。每一页只写一次。",
        "用 Lua：for e in lab.lanes.tour:events(\"walk_end\") do ... e.outcome, e.gva, e.hpa ... end",
      },
    },
    references = {
      title = "一次缺页的遍历要花多少",
      question = function(_, facts)
        return ("在泳道 tour 中，从动作 page_fault %d 的开始标记到它的结束标记之间：处理器从内存读了多少个分页结构表项，又有多少个是在"
          .. "分页结构缓存中找到的？客户机的表项和 EPT 的表项都算，但只算观测所得的：软件推导出的遍历不算。请用表回答，例如 "
          .. "{memory = 40, caches = 2}。"):format(facts.fault)
      end,
      hints = {
        "有两个标记的 action 是 page_fault，ordinal 是你的那个：一个 end=no，一个 end=yes。要数的都在它们之间。",
        "每个查看过的表项是一个 walk_ref 事件，其字段 source 说明表项从哪里来；每个事件的 provenance 说明它是怎样进入轨迹的。",
        "lab.lanes.tour:count((\"walk_ref.source == memory and provenance == observed and seq in %d..%d\"):format(a, b))，"
          .. "a 和 b 是两个标记的 seq；然后换成 paging_structure_cache 再来一次。",
      },
    },
    translate = {
      title = "亲手遍历页表",
      question = "请写 translate(read64, cr3, gva, access, user)：遍历 4 级页表，页有 4 KiB 和 2 MiB 两种。read64(gpa) 给出某个客户机物理地址处的 "
        .. "8 个字节；access 是 \"read\"、\"write\" 或 \"execute\"；user 是 true 或 false。请返回客户机物理地址；或者返回 nil 和缺页的错误码。"
        .. "CR0.WP 为 1（R/W 对内核同样有效），EFER.NXE 为 1（XD 有效），CR4.SMEP 和 CR4.SMAP 为 0（内核可以使用用户态的页）；"
        .. "所有地址都是规范的，没有表项置位了保留位。",
      hints = {
        "先只做 4 KiB 的页，别的什么都不返回：同样的一步做四次，移位依次是 39、30、21、12。检查会告诉你做到了哪里。",
        "只有途中所有表项都允许（位 1 和位 2），这一页才可写、才对用户态开放；只要有一个表项置位了位 63，它就不可执行。"
          .. "在 PDE 中位 7 结束遍历；在 PTE 中它是另一个意思。",
        "错误码：位 0 表示表项存在（访问不被允许），位 1 表示写，位 2 表示用户态，位 4 表示取指令。所以用户态写一个不存在的页，得到 nil, 6。",
      },
    },
    wrong_bit = {
      title = "找出坏掉的位",
      question = function(_, facts)
        return ("泳道 mapped 和 broken 运行同样的代码，它们的页表有一位不同，就在通往线性地址 0x%x 的途中。泳道 broken 不以退出码 0 结束。"
          .. "哪一级的表项（4 PML4E，3 PDPTE，2 PDE，1 PTE）中，哪一位是错的？请用表回答，例如 {level = 4, bit = 5}。"):format(facts.small)
      end,
      hints = {
        "`scripts/trapline events TRACE --kind walk_begin` 列出一条轨迹的遍历。在两条轨迹中，用 `scripts/trapline show TRACE walk --at NUMBER` "
          .. "显示这个地址的最后一次遍历，逐个表项比较。",
        "位 5（访问位），以及最后一个表项中的位 6（脏位），由处理器自己置位：这两位可以不同，不是问题所在。两个值的异或，只留下不同的位。",
        "for e in lab.lanes.broken:events(\"walk_ref.dimension == guest\") 给出 e.level、e.entry_gpa 和 e.value；查一查泳道 mapped "
          .. "在同一级是什么值。它们的异或就是 1 << bit。",
      },
    },
    mend = {
      title = "修好页表",
      question = "请写 mend(machine)：它在泳道 broken 的页表写好之后、客户机的第一条指令之前被调用。请用 machine:read64(gpa) 和 "
        .. "machine:write64(gpa, value) 把错的那一位改正，使客户机在泳道 mapped 所用的那一页中读、写、执行，并以退出码 0 结束。",
      hints = {
        "machine:read64 和 machine:write64 接受客户机物理地址。表项在哪里，遍历会告诉你：它的 walk_ref 事件的字段 entry_gpa。",
        "x ~ 1 << n 把 x 的位 n 翻转；x | 1 << n 置位它，x & ~(1 << n) 清零它。",
        "一行就够了：machine:write64(place, machine:read64(place) ~ 1 << bit)，其中的位置和位取自你上一题的回答。",
      },
    },
  },

  -- check.lua 的话：英文原文及其译文，占位 {0}、{1} …… 两边相同。
  says = {
    ["the list's length: one address for each of the four levels"] = "列表的长度：四级中每级一个地址",
    ["The table is the right one. How many bytes has an entry?"] = "表是对的。一个表项有多少字节？",
    ["The table is the right one, the entry in it is not: which nine bits of the linear address choose it?"]
      = "表是对的，其中的表项不对：由线性地址的哪九位选择它？",
    ["where the {0} lies (number {1} of the list)"] = "{0} 的位置（列表的第 {1} 项）",
    ["That takes 12 bits of the linear address as offset. How many bytes has this page?"] = "这样是取线性地址的 12 位作为偏移。这个页有多少字节？",
    ["the guest-physical address of linear address {0}"] = "线性地址 {0} 的客户机物理地址",
    ["{0} is a guest-physical page. Which field is the host's?"] = "{0} 是客户机物理页。哪个字段才是宿主机的？",
    ["the host-physical pages behind linear page {0}"] = "线性页 {0} 对应的宿主机物理页",
    ["{0} pages"] = "{0} 个页",
    ["{0} pages, not the same"] = "{0} 个页，但不是这些",
    ["Walks that software derived are among these; leave them out."] = "其中有软件推导出的遍历；请不要计入。",
    ["These are the guest's entries. The processor walked EPT as well."] = "这些是客户机的表项。处理器还遍历了 EPT。",
    ["memory"] = "内存",
    ["paging structure cache"] = "分页结构缓存",
    ["{0}: entries from {1} during action page_fault {2}"] = "{0}：动作 page_fault {2} 期间来自{1}的表项数",
    ["another number"] = "另一个数",
    ["It never called read64: where does the PML4 begin?"] = "它从未调用 read64：PML4 从哪里开始？",
    ["Your function read the entries at {0}."] = "你的函数读了这些地址处的表项：{0}。",
    ["{0}: the address that {1} gives"] = "{0}：{1} 给出的地址",
    ["The entries are there; does every one of them grant this access? {0}"] = "表项都在；是否每一项都允许这次访问？{0}",
    ["{0}: the first result of {1}"] = "{0}：{1} 的第一个结果",
    ["{0}: the page-fault error code that {1} gives"] = "{0}：{1} 给出的缺页错误码",
    ["Bit 0: the entries were there; bit 1: a write; bit 2: user mode; bit 4: an instruction fetch. Which hold here?"]
      = "位 0：表项都在；位 1：写；位 2：用户态；位 4：取指令。这里哪些成立？",
    ["an access near those of the run, with{0}{1}{2} bit 7 (PAT) set in each PTE"]
      = "在这次运行的访问附近的一次访问：{0}{1}{2}每个 PTE 的位 7（PAT）置位",
    [" bits 4:3 of CR3 set,"] = "CR3 的位 4:3 置位，",
    [" bit {0} clear in each {1},"] = "每个 {1} 的位 {0} 清零，",
    [" bit 63 set in each {0},"] = "每个 {0} 的位 63 置位，",
    ["a 4 KiB page of lane {0}"] = "泳道 {0} 的一个 4 KiB 页",
    ["a page fault of lane {0}"] = "泳道 {0} 的一次缺页",
    ["a 2 MiB page of lane {0}"] = "泳道 {0} 的一个 2 MiB 页",
    ["the level of the entry that is wrong"] = "出错的表项所在的级",
    ["another level"] = "另一级",
    ["That is the bit's value; its number is wanted: bit 0 has the value 1."] = "这是该位的值；要的是它的编号：位 0 的值为 1。",
    ["the number of the bit that is wrong in the {0}"] = "{0} 中出错的位的编号",
    ["another bit"] = "另一位",
    ["after your mend the processor still finds no way to linear address {0}: page fault, error code {1}"]
      = "经你修复之后，处理器仍然到不了线性地址 {0}：缺页，错误码 {1}",
    ["Show this walk: the last entry that it looked at is the one it stumbled over, or one above it."]
      = "请查看这次遍历：出错的是它最后查看的表项，或者在它之上的某一项。",
    ["the guest-physical page behind linear address {0}"] = "线性地址 {0} 对应的客户机物理页",
    ["The walk succeeds, and leads to another frame than in lane mapped."] = "遍历成功，但通向的页框与泳道 mapped 中的不同。",
    ["the run with your mend"] = "经你修复之后的运行",
    ["the guest never reached linear address {0}"] = "客户机始终没有到达线性地址 {0}",
    ["Mend the page tables; the guest's code must stay as it is."] = "请修复页表；客户机的代码必须保持原样。",
    ["how many instructions the guest executes, as in lane mapped"] = "客户机执行的指令条数，应与泳道 mapped 中相同",
  },
}
