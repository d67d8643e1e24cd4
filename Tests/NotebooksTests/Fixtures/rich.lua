-- -*- coding: utf-8 -*-
-- ---
-- jupyter:
--   jupytext:
--     text_representation:
--       extension: .lua
--       format_name: percent
--       format_version: '1.3'
--   kernelspec:
--     display_name: yuyan
--     language: lua
--     name: yuyan
-- ---

-- %% [markdown] tags=["intro"]
-- # Title 语言
--
-- text *a*

-- %% flag=true key="v" n=3 tags=["parameters"]
lr = 0.1

-- %%
x = 1
local y = 2


return y

-- %% [raw]
-- raw
--   stuff

-- %%

-- %%
-- -- %time

-- %% [markdown]
-- - a
--
-- - b

-- %% A nice title
f()
