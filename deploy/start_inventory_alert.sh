#!/usr/bin/env bash
# The original program's start script: checks the GPU stock once, or every day in the foreground or in the background.
#
#   ./start_inventory_alert.sh                                     shows the menu
#   ./start_inventory_alert.sh check|schedule|background|stop      does it without asking
#
# It works in the project's directory, which is the one above this file's: .env, suanli.toml and
# inventory_alert_config.json are read there, the log and the pid file are written there.
set -euo pipefail

cd "$(dirname "$(readlink -f "$0")")/.."
readonly LOG=inventory_alert.log
readonly PID_FILE=.inventory_alert.pid
readonly PATIENCE=60 # seconds for the end: jobs and messages in progress are given 25 s each

# The program of the project's own environment, else the one on PATH.
program() {
  if [[ -x .venv/bin/suanli ]]; then
    echo "$PWD/.venv/bin/suanli"
  elif ! command -v suanli; then
    echo "找不到 suanli，请先安装：python3 -m venv .venv && .venv/bin/pip install . / suanli is not installed" >&2
    exit 1
  fi
}

# The pid in the file, if that process still is our schedule: after a reboot the number may be another program's.
running_pid() {
  local pid command
  [[ -f $PID_FILE ]] && read -r pid <"$PID_FILE" && [[ $pid =~ ^[0-9]+$ ]] || return 1
  command=$(ps -ww -o args= -p "$pid" 2>/dev/null || tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") || return 1
  [[ $command == *suanli*"stock --schedule"* ]] || return 1
  echo "$pid"
}

check() {
  local suanli
  suanli=$(program)
  exec "$suanli" stock --check
}

schedule() {
  local suanli
  suanli=$(program)
  exec "$suanli" stock --schedule
}

background() {
  local pid suanli
  if pid=$(running_pid); then
    echo "已经在后台运行 / already running: pid $pid"
    return
  fi
  suanli=$(program)
  nohup "$suanli" stock --schedule >>"$LOG" 2>&1 </dev/null &
  pid=$!
  echo "$pid" >"$PID_FILE"
  sleep 1
  if ! kill -0 "$pid" 2>/dev/null; then
    rm -f "$PID_FILE"
    echo "没有启动成功，日志最后几行 / it did not start; the last lines of $LOG:" >&2
    tail -n 20 "$LOG" >&2
    return 1
  fi
  echo "已在后台启动 / started: pid $pid"
  echo "查看日志 / to follow the log: tail -f $PWD/$LOG"
  echo "停止 / to stop: $0 stop"
}

stop() {
  local pid waited
  if ! pid=$(running_pid); then
    rm -f "$PID_FILE"
    echo "没有在后台运行 / not running"
    return
  fi
  kill -TERM "$pid"
  for ((waited = 0; waited < PATIENCE * 10; waited++)); do
    if ! running_pid >/dev/null; then
      rm -f "$PID_FILE"
      echo "已停止 / stopped: pid $pid"
      return
    fi
    sleep 0.1
  done
  echo "$PATIENCE 秒后仍未结束 / still running after $PATIENCE s: pid $pid" >&2
  return 1
}

menu() {
  local choice
  echo "GPU 库存监控 / GPU stock alerts"
  echo "  1) 立即检查一次库存 / check the stock now"
  echo "  2) 定时监控（前台运行） / watch, in the foreground"
  echo "  3) 后台运行 / watch, in the background"
  read -rp "请选择 / your choice [1-3]: " choice
  case $choice in
    1) check ;;
    2) schedule ;;
    3) background ;;
    *) usage ;;
  esac
}

usage() {
  echo "用法 / usage: $0 [check|schedule|background|stop]" >&2
  exit 2
}

case ${1-} in
  "") menu ;;
  check | schedule | background | stop) "$1" ;;
  *) usage ;;
esac
