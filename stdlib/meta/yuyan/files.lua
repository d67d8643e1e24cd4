---@meta yuyan.files
-- Written from the declarations by `RECORD=1 scripts/test`.

---Reading and writing files; every error names the path.
local files = {}

---Tells whether a file or folder is there.
---```lua
---yy.files.exists('/no/such/file')  --> false
---```
---@param path string a file or folder
---@return boolean exists whether it is there
function files.exists(path) end

---Tells whether a path is a file, and not a folder.
---```lua
---yy.files.is_file('/')  --> false
---```
---@param path string a file or folder
---@return boolean is_file false where there is nothing
function files.is_file(path) end

---Tells how long a file is.
---```lua
---yy.files.size('notes.txt')
---```
---@param path string a file
---@return integer bytes its length
function files.size(path) end

---Computes the SHA-256 of a file's content.
---```lua
---yy.files.sha256('notes.txt')
---```
---@param path string a file
---@return string digest 64 hexadecimal digits
function files.sha256(path) end

---Reads a whole file.
---```lua
---yy.files.read('notes.txt')
---```
---@param path string a file
---@return string bytes its content
function files.read(path) end

---Writes a whole file, or leaves what was there if that fails.
---```lua
---yy.files.write('notes.txt', 'text')
---```
---@param path string the file
---@param content string its new content
function files.write(path, content) end

---Adds one line to the end of a file.
---```lua
---yy.files.append('log.txt', 'a line')
---```
---@param path string the file; made where it is missing
---@param line string the line, without its end
function files.append(path, line) end

---Makes a folder and those above it; one that is there is left as it is.
---```lua
---yy.files.make_folder('out/metrics')
---```
---@param path string the folder
function files.make_folder(path) end

---Removes a file, or a folder with all in it.
---```lua
---yy.files.remove('out/old')
---```
---@param path string a file or folder
function files.remove(path) end

---Lists the files that patterns match, sorted.
---```lua
---yy.files.list({ 'zh/*.txt' })
---```
---@param patterns string[] paths that may hold * ? [] and **
---@return string[] paths the files
function files.list(patterns) end

---Tells how many bytes the disk of a path can still take.
---```lua
---yy.files.available_bytes('.')
---```
---@param path string a folder
---@return integer bytes free space for this user
function files.available_bytes(path) end

return files
