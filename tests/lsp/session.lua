-- A session of `ffc lsp` in Neovim 0.7, as docs/editors.md sets it up; writes what it shows as JSON to $OUT.
local root, found = os.getenv('ROOT'), {}
vim.o.swapfile = false
vim.cmd('edit ' .. root .. '/flags/shop.yaml')
local id = vim.lsp.start_client({name = 'ffc', cmd = {os.getenv('FFC'), 'lsp'}, root_dir = root})
vim.lsp.buf_attach_client(0, id)
local patience = 60000
local function diagnostics(wanted)
  vim.wait(patience, function() return (#vim.diagnostic.get(0) > 0) == wanted end, 20)
  return vim.diagnostic.get(0)
end
local function ask(method, line, column, more)
  vim.api.nvim_win_set_cursor(0, {line, column})
  local params = vim.tbl_extend('force', vim.lsp.util.make_position_params(), more or {})
  local answers = vim.lsp.buf_request_sync(0, method, params, patience) or {}
  return answers[id] and answers[id].result
end
vim.wait(patience, function() return vim.lsp.get_client_by_id(id).initialized end, 20)
-- Line 4 has an emoji before what is edited: columns of Neovim are bytes.
local line = vim.api.nvim_buf_get_lines(0, 3, 4, true)[1]
local column = line:find('serve') - 1
vim.api.nvim_buf_set_text(0, 3, column, 3, column + 5, {'serv'})
found.diagnostics = diagnostics(true)
vim.api.nvim_buf_set_text(0, 3, column, 3, column + 4, {'serve'})
found.mended = #diagnostics(false)
found.hover = ask('textDocument/hover', 2, 4)
found.definition = ask('textDocument/definition', 3, vim.api.nvim_buf_get_lines(0, 2, 3, true)[1]:find('nordics}') - 1)
local renamed = ask('textDocument/rename', 2, 4, {newName = 'kasse'})
vim.lsp.util.apply_workspace_edit(renamed, 'utf-16')
found.renamed = vim.api.nvim_buf_get_lines(0, 0, -1, true)
vim.cmd('undo')
vim.api.nvim_buf_set_lines(0, 0, -1, true, {'flags:', '    checkout:', '        serve:    on'})
vim.lsp.buf.formatting_sync({}, patience)
found.formatted = vim.api.nvim_buf_get_lines(0, 0, -1, true)
vim.lsp.stop_client(id)
found.stopped = vim.wait(patience, function() return vim.lsp.client_is_stopped(id) end, 20)
local out = io.open(os.getenv('OUT'), 'w')
out:write(vim.json.encode(found))
out:close()
vim.cmd('qa!')
