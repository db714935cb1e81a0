;; Connects a driver to the npm package's module in engines without JavaScript. Both sides use only numbers. The adapter holds
;; the open handles, and combines answers where the package's TypeScript would.
(module
  (import "package" "engineVersion" (func $engine_version (result i32)))
  (import "package" "write" (func $write (param i32)))
  (import "package" "openTimeline" (func $open_timeline (param f64 f64 f64 f64 f64) (result f64)))
  (import "package" "addChange" (func $add_change (param i32 f64 f64) (result f64)))
  (import "package" "isPaused" (func $is_paused (param i32 f64) (result f64)))
  (import "package" "errorPart" (func $error_part (param i32) (result f64)))
  (import "package" "closeTimeline" (func $close_timeline (param i32)))
  (import "package" "value" (func $value (param i32 f64) (result f64)))
  (import "package" "round" (func $round (param i32 f64) (result f64)))
  (import "package" "stepAt" (func $step_at (param i32 f64) (result f64)))
  (import "package" "timeOf" (func $time_of (param i32 f64) (result f64)))
  (import "package" "roundPart" (func $round_part (param i32 f64 i32) (result f64)))
  (import "package" "openDraw" (func $open_draw (param i32 f64) (result f64)))
  (import "package" "closeDraw" (func $close_draw (param i32)))
  (import "package" "word" (func $word (param i32) (result f64)))
  (import "package" "unit" (func $unit (param i32) (result f64)))
  (import "package" "below" (func $below (param i32 f64) (result f64)))
  (import "package" "exchange" (func $exchange (param i32 i32) (result f64)))

  ;; No handle has this value, and closing it does nothing.
  (global $timeline (mut i32) (i32.const -1))
  (global $draw (mut i32) (i32.const -1))
  ;; The last step and its value, and the last round number.
  (global $step (mut f64) (f64.const 0))
  (global $state (mut f64) (f64.const 0))
  (global $number (mut f64) (f64.const 0))
  ;; How many changes the timeline has accepted, and whether it has refused one.
  (global $accepted (mut f64) (f64.const 0))
  (global $refused (mut i32) (i32.const 0))
  ;; The items of a shuffle, 4 bytes each. The driver shuffles 52 at most.
  (memory 1)

  (export "version" (func $engine_version))
  (export "write" (func $write))

  ;; A rejected input gives -1 instead of a handle, and the conversion traps.
  (func (export "open") (param f64 f64 f64 f64 f64)
    (call $close_timeline (global.get $timeline))
    (global.set $accepted (f64.const 0))
    (global.set $refused (i32.const 0))
    (global.set $timeline (i32.trunc_f64_u
      (call $open_timeline (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)))))

  ;; After a refusal, the other changes are left out.
  (func (export "change") (param f64 f64)
    (if (i32.eqz (global.get $refused))
      (then
        (if (f64.lt (call $add_change (global.get $timeline) (local.get 0) (local.get 1)) (f64.const 0))
          (then (global.set $refused (i32.const 1)))
          (else (global.set $accepted (f64.add (global.get $accepted) (f64.const 1))))))))
  (func (export "changed") (result f64)
    (select (global.get $accepted) (f64.const -1) (global.get $refused)))
  ;; The package's kinds of errors are 0 for a number out of range and 3 to 5 for the rules; the driver expects 1 to 4.
  (func (export "rule") (result f64)
    (f64.max (f64.const 1) (f64.sub (call $error_part (i32.const 0)) (f64.const 1))))
  (func (export "is_paused") (param f64) (result f64)
    (call $is_paused (global.get $timeline) (local.get 0)))

  (func (export "value") (param f64) (result f64)
    (global.set $step (local.get 0))
    (global.set $state (call $value (global.get $timeline) (local.get 0)))
    (global.get $state))
  (func $round_of_step (export "round") (result f64)
    (call $round (global.get $timeline) (global.get $step)))
  (func (export "broken") (result i32)
    (f64.eq (global.get $state) (f64.const 0)))
  (func (export "next_break") (param f64) (result f64)
    (call $round_part
      (global.get $timeline)
      (call $round (global.get $timeline) (local.get 0))
      (i32.const 2)))

  ;; The package answers NaN before the start; the driver expects -1.
  (func (export "step_at") (param f64) (result f64)
    (local $step f64)
    (local.set $step (call $step_at (global.get $timeline) (local.get 0)))
    (select (local.get $step) (f64.const -1) (f64.eq (local.get $step) (local.get $step))))
  (func (export "time_of") (param f64) (result f64)
    (call $time_of (global.get $timeline) (local.get 0)))

  (func (export "first_step_of") (param f64) (result f64)
    (global.set $number (local.get 0))
    (call $round_part (global.get $timeline) (local.get 0) (i32.const 0)))
  (func (export "interval") (result f64)
    (call $round_part (global.get $timeline) (global.get $number) (i32.const 1)))
  (func (export "break_after") (result f64)
    (call $round_part (global.get $timeline) (global.get $number) (i32.const 2)))

  (func (export "draw") (param f64)
    (call $close_draw (global.get $draw))
    (global.set $draw (i32.trunc_f64_u (call $open_draw (global.get $timeline) (local.get 0)))))
  (func (export "word") (result f64) (call $word (global.get $draw)))
  (func (export "unit") (result f64) (call $unit (global.get $draw)))
  (func (export "below") (param f64) (result f64) (call $below (global.get $draw) (local.get 0)))

  (func (export "shuffle") (param $count i32)
    (local $index i32)
    (block $filled
      (loop $fill
        (br_if $filled (i32.eq (local.get $index) (local.get $count)))
        (call $set (local.get $index) (local.get $index))
        (local.set $index (i32.add (local.get $index) (i32.const 1)))
        (br $fill)))
    (block $done
      (loop $next
        (br_if $done (i32.le_s (local.get $index) (i32.const 1)))
        (local.set $index (i32.sub (local.get $index) (i32.const 1)))
        (call $swap
          (local.get $index)
          (i32.trunc_f64_u (call $exchange (global.get $draw) (local.get $index))))
        (br $next))))
  (func $item (export "item") (param $index i32) (result i32)
    (i32.load (i32.shl (local.get $index) (i32.const 2))))
  (func $set (param $index i32) (param $item i32)
    (i32.store (i32.shl (local.get $index) (i32.const 2)) (local.get $item)))
  (func $swap (param $a i32) (param $b i32)
    (local $item i32)
    (local.set $item (call $item (local.get $a)))
    (call $set (local.get $a) (call $item (local.get $b)))
    (call $set (local.get $b) (local.get $item))))
