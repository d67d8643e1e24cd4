public import Corpus
public import Scripting
public import Tokenizers

// Enums of the targets above whose cases are the words that Lua uses.

extension OverlongPolicy: LuaChoice {}
extension EmptyPolicy: LuaChoice {}
extension MergeRule: LuaChoice {}
