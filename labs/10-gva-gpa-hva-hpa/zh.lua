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
}
