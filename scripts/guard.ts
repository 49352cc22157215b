// Loaded before the program of every process we start (`node --import`): when the one who started it is gone, killed
// perhaps, it ends as if it had been asked to.
const patienceMilliseconds = 40_000 // longer than any drain

process.on('disconnect', () => {
  process.kill(process.pid, 'SIGTERM')
  setTimeout(() => process.exit(1), patienceMilliseconds).unref()
})
// Listening must not keep a process alive that has nothing else to do.
process.channel?.unref()
// What it forks in turn is its own affair, and may need its channel to stay alive.
process.execArgv.splice(process.execArgv.indexOf('--import'), 2)
