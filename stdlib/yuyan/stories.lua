--- Short stories told in English and in Chinese, and instructions about them: text to learn from without a download.
--
-- A story is drawn from a small world (who, where, what was lost, who helped, how it ended) and told in either
-- language with several wordings, so that a small model can learn grammar, agreement and who did what, and so that
-- every question about a story has one right answer. Story n of a seed is always the same; different n differ.

local stories = {}

--- A stream of choices that depends on (seed, index) alone.
local function chooser(seed, index)
  local state = (seed * 0x9E3779B97F4A7C15) ~ (index * 0xBF58476D1CE4E5B9) ~ 0x94D049BB133111EB
  return function(list)
    state = state + 0x9E3779B97F4A7C15
    local z = state
    z = (z ~ (z >> 30)) * 0xBF58476D1CE4E5B9
    z = (z ~ (z >> 27)) * 0x94D049BB133111EB
    return list[((z ~ (z >> 31)) >> 11) % #list + 1]
  end
end

-- Each entry: English, Chinese.
local heroes = {
  { "cat", "小猫" }, { "dog", "小狗" }, { "rabbit", "小兔" }, { "bear", "小熊" }, { "fox", "小狐狸" }, { "duck", "小鸭" },
  { "mouse", "小老鼠" }, { "bird", "小鸟" }, { "horse", "小马" }, { "monkey", "小猴" }, { "sheep", "小羊" }, { "frog", "小青蛙" },
}
local names = {
  { "Lily", "丽丽" }, { "Tom", "汤姆" }, { "Anna", "安娜" }, { "Ben", "小本" }, { "Mia", "米娅" }, { "Sam", "山姆" },
  { "Rose", "玫瑰" }, { "Max", "马克" }, { "Nina", "妮娜" }, { "Leo", "雷欧" },
}
local places = {
  { "in the forest", "森林里" }, { "by the river", "河边" }, { "in the garden", "花园里" }, { "on the hill", "山上" },
  { "near the old house", "老房子旁边" }, { "at the market", "市场里" }, { "by the sea", "海边" }, { "in the village", "村子里" },
}
local colours = {
  { "red", "红色" }, { "blue", "蓝色" }, { "green", "绿色" }, { "yellow", "黄色" }, { "white", "白色" }, { "black", "黑色" },
}
-- English noun, Chinese measure word, Chinese noun.
local things = {
  { "ball", "个", "球" }, { "hat", "顶", "帽子" }, { "book", "本", "书" }, { "flower", "朵", "花" }, { "boat", "条", "小船" },
  { "kite", "只", "风筝" }, { "lamp", "盏", "灯" }, { "umbrella", "把", "雨伞" }, { "bell", "个", "铃铛" }, { "shoe", "只", "鞋子" },
}
local weathers = {
  { "It was a sunny day.", "那天阳光很好。" }, { "It was raining.", "天上下着雨。" }, { "Snow was falling.", "天上下着雪。" },
  { "A strong wind was blowing.", "外面刮着大风。" }, { "The sky was full of stars.", "天空中满是星星。" },
}
local feelings = {
  { "sad", "难过" }, { "worried", "着急" }, { "upset", "伤心" }, { "afraid", "害怕" },
}
local hidings = {
  { "under a big tree", "一棵大树下面" }, { "behind a stone", "一块石头后面" }, { "inside a box", "一个盒子里面" },
  { "on top of a wall", "一堵墙上面" }, { "in the long grass", "高高的草丛里" },
}
local thanks = {
  { "They shared some bread and went home together.", "他们一起吃了面包，然后一起回家了。" },
  { "From that day on they were best friends.", "从那天起，他们成了最好的朋友。" },
  { "They sang a song all the way home.", "他们一路唱着歌回家了。" },
  { "They promised to meet again the next morning.", "他们约好第二天早上再见面。" },
}

--- The facts of story `index`.
local function facts(seed, index)
  local pick = chooser(seed, index)
  local hero, helper, name, friend = pick(heroes), pick(heroes), pick(names), pick(names)
  while helper == hero do helper = pick(heroes) end
  while friend == name do friend = pick(names) end
  return {
    hero = hero, helper = helper, name = name, friend = friend, place = pick(places), colour = pick(colours),
    thing = pick(things), weather = pick(weathers), feeling = pick(feelings), hiding = pick(hidings), ending = pick(thanks),
    wording = pick { 1, 2, 3 },
  }
end

local function article(word) return (word:find "^[aeiou]" and "an " or "a ") .. word end

local function in_english(f)
  local hero, helper, thing = f.hero[1], f.helper[1], f.colour[1] .. " " .. f.thing[1]
  local opening = {
    "Once upon a time, there was %s named %s. %s lived %s.",
    "There once was %s called %s. %s had a home %s.",
    "Long ago, %s named %s was happy. %s played %s every day.",
  }
  return table.concat({
    opening[f.wording]:format(article(hero), f.name[1], f.name[1], f.place[1]),
    f.weather[1],
    ("%s lost %s and felt very %s."):format(f.name[1], article(thing), f.feeling[1]),
    ("Then %s named %s came by."):format(article(helper), f.friend[1]),
    ('"Do not be %s," said %s. "I will help you."'):format(f.feeling[1], f.friend[1]),
    ("They looked everywhere, and %s found the %s %s."):format(f.friend[1], thing, f.hiding[1]),
    ('"Thank you!" said %s.'):format(f.name[1]),
    f.ending[1],
  }, " ")
end

local function in_chinese(f)
  local thing = f.colour[2] .. "的" .. f.thing[3]
  local one = "一" .. f.thing[2] .. thing
  local opening = {
    "从前，有一只%s叫%s。%s住在%s。", "很久以前，有一只名叫%s的%s。%s的家在%s。", "从前有一只快乐的%s，名字叫%s。%s每天都在%s玩。",
  }
  local hero, name = f.hero[2], f.name[2]
  if f.wording == 2 then hero, name = name, hero end
  return table.concat {
    opening[f.wording]:format(hero, name, f.name[2], f.place[2]),
    f.weather[2],
    ("%s丢了%s，心里很%s。"):format(f.name[2], one, f.feeling[2]),
    ("这时，一只名叫%s的%s走了过来。"):format(f.friend[2], f.helper[2]),
    ("“别%s，”%s说，“我来帮你。”"):format(f.feeling[2], f.friend[2]),
    ("他们到处寻找，%s在%s找到了那%s%s。"):format(f.friend[2], f.hiding[2], f.thing[2], thing),
    ("“谢谢你！”%s说。"):format(f.name[2]),
    f.ending[2],
  }
end

-- Every question about a story has one answer, and the answer is a sentence.
local questions = {
  function(f)
    return "读下面的故事，回答问题：谁丢了东西？", ("%s丢了一%s%s的%s。"):format(f.name[2], f.thing[2], f.colour[2], f.thing[3])
  end,
  function(f) return "读下面的故事，回答问题：东西在哪里找到的？", ("东西是在%s找到的。"):format(f.hiding[2]) end,
  function(f) return "读下面的故事，回答问题：是谁帮的忙？", ("是%s%s帮的忙。"):format(f.helper[2], f.friend[2]) end,
  function(f) return "读下面的故事，回答问题：故事发生在哪里？", ("故事发生在%s。"):format(f.place[2]) end,
}
local tasks = {
  function(f)
    return ("写一个关于%s的故事。"):format(f.hero[2]), "", in_chinese(f)
  end,
  function(f, pick)
    local question, answer = pick(questions)(f)
    return question, in_chinese(f), answer
  end,
  function(f)
    local english = ("%s found %s %s."):format(f.name[1], article(f.colour[1] .. " " .. f.thing[1]), f.hiding[1])
    local chinese = ("%s在%s找到了一%s%s的%s。"):format(f.name[2], f.hiding[2], f.thing[2], f.colour[2], f.thing[3])
    return "把下面的句子翻译成中文。", english, chinese
  end,
  function(f)
    return ("用中文怎么说“%s”？"):format(f.colour[1] .. " " .. f.thing[1]), "",
      ("“%s %s”用中文说是“%s的%s”。"):format(f.colour[1], f.thing[1], f.colour[2], f.thing[3])
  end,
}

--- Tells story `index` of `seed`.
---@param index integer which story
---@param options? { language: 'en'|'zh', seed: integer } language (default 'en') and seed (default 1)
---@return string story one paragraph
--- Example: `stories.tell(1, { language = "zh" })`
function stories.tell(index, options)
  options = options or {}
  local f = facts(options.seed or 1, index)
  if options.language == "zh" then return in_chinese(f) end
  return in_english(f)
end

--- Gives instruction `index` of `seed` in the Alpaca format.
---@param index integer which instruction
---@param options? { seed: integer } seed (default 1)
---@return { instruction: string, input: string, output: string } row
--- Example: `stories.instruction(1).output`
function stories.instruction(index, options)
  local seed = (options or {}).seed or 1
  local pick = chooser(seed ~ 0x5DEECE66D, index)
  local instruction, input, output = pick(tasks)(facts(seed, index), pick)
  return { instruction = instruction, input = input, output = output }
end

return stories
