-- 实验 12 的中文文字。运行什么、什么算对，都在 lab.lua 和 check.lua 中。
local page_sizes = { "4 KiB", "2 MiB", "1 GiB" }
local page_tables = {
  "PML4E、PDPTE、PDE 和 PTE，所以这一页有 4 KiB",
  "PML4E、PDPTE 和一个位 7（PS）置位的 PDE，所以这一页有 2 MiB",
  "PML4E 和一个位 7（PS）置位的 PDPTE，所以这一页有 1 GiB",
}

return {
  title = "EPT 与 24 次访存的页表遍历",
  summary = "在嵌套分页下，一次访问为什么可能要付出 24 次访存，为什么又几乎从不如此，监控器又能从 EPT 违例中得知什么。",
  tasks = {
    cold_walk = {
      title = "没有缓存的遍历",
      question = function(_, facts)
        return ("泳道 cold，其中的处理器不保存分页结构的表项。客户机就要第一次读线性地址 0x%x。它自己的页表经由 %s。"
          .. "EPT 有 4 级，所需的每一页都已映射。这次遍历要从内存读多少个分页结构表项？请用一个数回答，例如 7。")
          :format(facts.parcel, page_tables[facts.level])
      end,
      hints = {
        "客户机页表的每个表项都位于某个客户机物理地址。它在机器的内存中究竟在哪里，谁知道？",
        "客户机的每个表项，要花它自己这一次，以及找到它的 4 个 EPT 表项。最后还必须找到页本身。",
        "客户机有 n 级时，是 n * (4 + 1) 次访存，再加上为页而做的 4 次。",
      },
    },
    warm_walk = {
      title = "同一次遍历，有缓存",
      question = function(_, facts)
        return ("泳道 warm：同样是读 0x%x，页的大小是 %s，这次有分页结构缓存。其中有客户机对应这个地址的 PML4E，还有涉及的所有页框在 EPT 中的 "
          .. "PML4E、PDPTE 和 PDE；但没有 PML4E 以下的客户机表项，而这些页框本身太久没有用过，它们的 EPT PTE 不在任何缓存中。"
          .. "这次遍历要从内存读多少个表项？请用一个数回答，例如 7。")
          :format(facts.parcel, page_sizes[facts.level])
      end,
      hints = {
        "缓存的 PML4E 也说明了下一张表在宿主机物理内存的什么地方，所以找到 PDPTE 不需要别的。",
        "此外的每个页框（客户机的表，或页本身）都需要从内存读一个 EPT 表项：它的 EPT PTE。",
        "数一数：一个 PDPTE；它以下的客户机每一级，一个 EPT PTE 和表项本身；页本身，一个 EPT PTE。",
      },
    },
    by_dimension = {
      title = "按维度统计访存",
      question = "在整条泳道 cold 中：页表遍历有多少次到内存去读客户机自己的表项，又有多少次去读 EPT 的表项？请用表回答，例如 { guest = 12, ept = 34 }。",
      hints = {
        "每次访存是一个 walk_ref 事件；它的字段 dimension 和 source 说明是谁的表项，从哪里来。",
        "trace:count 接受过滤条件：lab.lanes.cold:count(\"walk_ref.level == 4\") 数的就是它所说的。",
        "过滤条件是 walk_ref.dimension == guest and walk_ref.source == memory；然后把 guest 换成 ept 再来一次。",
      },
    },
    violations = {
      title = "EPT 违例是为了什么",
      question = "泳道 warm：在因 EPT_VIOLATION 发生的 VM exit 中，有多少次是为了客户机想用的页（即它的线性地址的转换结果），"
        .. "又有多少次是为了它的某个分页结构？退出限定信息的位 8 把两者区分开来。请用表回答，例如 { pages = 12, tables = 34 }。",
      hints = {
        "看其中一次：`scripts/trapline events trapline-out/12-ept-24-references/warm.trap --where 'vm_exit.reason == EPT_VIOLATION' --limit 3`。",
        "位 8 置位：访问的是线性地址转换所得之处。位 8 为零：访问的是分页结构的表项。",
        "for exit in lab.lanes.warm:events(\"vm_exit.reason == EPT_VIOLATION\") do ... exit.qualification >> 8 & 1 ... end",
      },
    },
    all_24 = {
      title = "凑满 24 次",
      question = function(_, facts)
        return ("客户机在动作 computation 1 中读线性地址 0x%x（一个 4 KiB 的页），在 computation 2 中又读一次。照泳道 warm 那样运行，第二次读在 TLB 中"
          .. "找得到转换结果。请给出控制项，使第二次读做一次恰好 24 次访存的遍历。请用控制项的表回答，例如 "
          .. "{ tlb_ways = 2, hlt_exiting = false }；`scripts/trapline list` 列出了全部。")
          :format(facts.twice)
      end,
      hints = {
        "有两样东西挡着：TLB 中有转换结果；没有时，缓存中还有上面几级的表项。",
        "paging_structure_caches = false 去掉这些缓存。两次读之间，有一次为标记端口而发生的 VM exit：退出时转换结果会怎样，靠什么才能保住？",
        "没有 VPID，每次 VM entry 和 VM exit 都丢弃转换结果（vpid = false）。只有一个表项的 TLB 也能办到。",
      },
    },
    fewest = {
      title = "尽可能少",
      question = "请给出控制项，使整次运行的遍历从内存读的分页结构表项最少。第一次访问每一页时通往它的那些表项，无论如何都要读。请用控制项的表回答。",
      hints = {
        "什么是以前知道、后来又查了一遍的？`scripts/trapline events trapline-out/12-ept-24-references/warm.trap --kind tlb_evict --limit 5` "
          .. "显示 TLB 不得不放弃什么。",
        "客户机访问的页比 TLB 的表项多（tlb_sets * tlb_ways，默认 16 * 4）；第二轮又会未命中。",
        "让 vpid 和 paging_structure_caches 开着，再给 TLB 足够的空间：至多 4,096 个表项、64 路，组数是二的幂。",
      },
    },
    dirty_log = {
      title = "脏页日志",
      question = "请写监控器处理 EPT 违例的函数，由它查明哪些客户机物理页被写过。交给客户机的页先没有写权限，直到它（或者处理器，"
        .. "为了它的表中的访问位和脏位）想写为止。请用两个函数的表回答：{ ept_violation = function(call) ... return true end, "
        .. "dirty = function() return LIST end }，其中 LIST 含有每个被写过的页的地址，各一次。",
      hints = {
        "call.gpa 是 EPT 没有转换的地址，call.access 是 \"read\"、\"write\" 或 \"execute\"。没有权限的访问会再次引起 EPT 违例，所以同一页会第二次调用你的函数。",
        "call:map(call.gpa, { write = false }) 交出一页，只许读和执行；call:map(call.gpa) 给予全部权限。",
        "在两个函数之外放一张表。遇到 \"write\"：记下 call.gpa & ~0xfff，并以全部权限映射；否则映射为不可写。两种情况都返回 true。",
      },
    },
    two_dimensional = {
      title = "怎样的遍历才是二维的",
      question = "请写 function(walk)：对完整的、全部访存的二维遍历返回 true，对一维的和断掉的遍历返回 false。walk 是表 { outcome, references }；"
        .. "每次访存有 dimension、level、for_level、source、entry_hpa 和 value，与 trace:at(event):walk() 中的一样。“完整”是指：这次遍历转换了它的地址；"
        .. "紧接在客户机的每个表项之前，是找到它的 4 个 EPT 表项（level 为 4、3、2、1，for_level 是该客户机表项的 level），其中最后一个所指的页框，"
        .. "就是读出这个客户机表项的页框；最后一个客户机表项之后，是找到页本身的 4 个 EPT 表项（for_level 为 0），此外再没有别的。",
      hints = {
        "先把它说成一个断言：五个一组，四个 EPT 表项加上它们找到的客户机表项；末尾一组是四个 EPT 表项。那么访存的列表可以有多长？",
        "EPT PTE 所指的页框是 trapline.ept_entry(value).address；客户机表项所在的页框是 entry_hpa & ~0xfff。",
        "每次走五步。在每一组中，把四个 EPT 表项的 dimension、level、for_level 与它们应有的值相比，然后比页框。walk.outcome 必须是 \"translated\"。",
      },
    },
  },

  -- check.lua 的话：英文原文及其译文，占位 {0}、{1} …… 两边相同。
  says = {
    ["the number of entries that the walk for {0} reads from memory in lane {1}"] = "在泳道 {1} 中，对 {0} 的遍历从内存读取的表项数",
    ["another number"] = "另一个数",
    ["Every guest level costs its own entry and 4 of EPT, and the page costs 4 more."]
      = "客户机的每一级要读它自己的表项和 EPT 的 4 个表项，页本身还要再读 4 个。",
    ["Only what is in no cache is read: go down level by level and ask of each entry."] = "只有不在任何缓存中的才要读取：请逐级往下，对每个表项都问一问。",
    ["{0} ({1})"] = "{0}（{1}）",
    ["references to memory for the guest's own entries"] = "为客户机自己的表项而访问内存的次数",
    ["references to memory for entries of EPT"] = "为 EPT 表项而访问内存的次数",
    ["EPT violations for pages that the guest wanted to use"] = "因客户机要使用的页而发生的 EPT 违例",
    ["EPT violations for the guest's paging structures"] = "因客户机的分页结构而发生的 EPT 违例",
    ["what dirty() gives: a list of addresses of pages"] = "dirty() 给出的值：应为页地址的列表",
    ["page {0} stands in the list more than once"] = "页 {0} 在列表中不止一次",
    ["what dirty() gives is a table without a first element"] = "dirty() 给出的表没有第一个元素",
    ["A set such as dirty[page] = true is good to keep; give back a list made from its keys."]
      = "用 dirty[page] = true 这样的集合来记录很好；返回时请把它的键做成列表。",
    ["the answer has the two functions ept_violation and dirty"] = "回答应有 ept_violation 和 dirty 两个函数",
    ["the run with your handler must end as the guest ends it"] = "使用你的处理函数的运行，必须由客户机自己结束",
    ["A page that is never given the right that was wanted violates EPT for ever; a page that is not readable cannot be writable."]
      = "如果一个页始终得不到所要的权限，就会永远引起 EPT 违例；不可读的页不能是可写的。",
    ["every EPT violation is your handler's, and it says so by returning true"] = "每次 EPT 违例都由你的处理函数处理，并以返回 true 表明",
    ["What it leaves, the monitor maps with all rights, and then later writes cannot be seen."]
      = "它没有处理的，监控器会以全部权限映射，以后的写入就看不到了。",
    ["{0} of the {1} pages that were written are not in your log: {2}"] = "写过的 {1} 个页中有 {0} 个不在你的日志里：{2}",
    ["Was the page handed out with the right to write before anybody wrote to it? Also the processor writes: accessed and dirty flags go into the guest's tables."]
      = "是不是在有人写之前就给了这个页写权限？处理器也会写：它把访问位和脏位写入客户机的页表。",
    ["{0} pages in your log were never written: {1}"] = "你的日志中有 {0} 个页从未被写过：{1}",
    ["A violation says that a right was missing; call.access says which was wanted."] = "违例说明缺少某种权限；call.access 说明要的是哪一种。",
    ["page {0} was given the right to write, and nobody ever writes to it"] = "页 {0} 得到了写权限，但始终没有人写它",
    ["Give the right when call.access is \"write\", and not before."] = "在 call.access 为 \"write\" 时才给写权限，不要提前。",
    ["a walk from which one EPT entry is missing"] = "一次缺少一个 EPT 表项的遍历",
    ["a walk that has no EPT entries for the page itself"] = "一次没有页本身的 EPT 表项的遍历",
    ["a walk in which a guest entry was read from another frame than EPT says"] = "一次没有按 EPT 所指的页框读取客户机表项的遍历",
    ["a walk in which a guest entry comes before the EPT entries that find it"] = "一次客户机表项排在用来查找它的 EPT 表项之前的遍历",
    ["a walk in which the EPT entries were read for another level than the guest entry behind them has"]
      = "一次 EPT 表项所服务的级与其后客户机表项的级不符的遍历",
    ["a walk in which an EPT entry's place is taken by one of the guest's"] = "一次用客户机表项顶替了一个 EPT 表项的遍历",
    ["a walk with two translations of the page at its end"] = "一次末尾把页转换了两遍的遍历",
    ["what your function says of {0}"] = "你的函数对“{0}”的回答",
    ["a whole two-dimensional walk"] = "一次完整的二维遍历",
    ["a walk that an EPT violation broke off"] = "一次因 EPT 违例而中止的遍历",
    ["{0} of {1} references"] = "{0}（共 {1} 次访存）",
    ["a walk of one dimension, from lane {0}"] = "泳道 {0} 中的一次一维遍历",
    ["the run with your controls"] = "使用你的控制项的运行",
    ["the second read of {0} makes no walk at all: the TLB still has its translation"] = "第二次读 {0} 时根本没有遍历：TLB 中还有它的转换",
    ["Between the two reads the guest exits for the marker port. What keeps translations over an exit?"]
      = "两次读之间，客户机因标记端口而退出。是什么使转换在退出之后还保留着？",
    ["the references to memory of the walk for the second read of {0}"] = "第二次读 {0} 时的遍历访问内存的次数",
    ["The view of the walk says for each entry where it came from: what still comes from a cache?"]
      = "遍历视图对每个表项都说明了来源：还有什么来自缓存？",
    ["the references to memory of all walks together, with your controls"] = "用你的控制项时，所有遍历访问内存的总次数",
    ["With the default controls they are {0}. The events tlb_evict and tlb_flush show what was thrown away, to be looked up again."]
      = "用默认的控制项时是 {0} 次。事件 tlb_evict 和 tlb_flush 显示丢弃了什么，它们以后又得重新查找。",
  },
}
