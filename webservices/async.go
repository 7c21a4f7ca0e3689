package webservices

// An AsyncContext is WS_ASYNC_CONTEXT. A call that gets one may return
// WS_S_ASYNC; Callback is then called exactly once, with the final result, on
// another goroutine and not before the call has its own result to return. Any
// other value that the call returns is final, and Callback is not called.
//
// The AsyncContext itself may be reused when the call has returned. What else
// the call was given must be left alone until the callback.
type AsyncContext struct {
	// Callback is told the result, the channel's callback model, and
	// CallbackState.
	Callback func(result HRESULT, model CallbackModel, state any)
	// CallbackState is given to Callback.
	CallbackState any
}

// run does the work: at once, or on a goroutine of its own.
func (ac *AsyncContext) run(model CallbackModel, work func() HRESULT) HRESULT {
	if ac == nil {
		return work()
	}
	callback, state := ac.Callback, ac.CallbackState
	returned := make(chan struct{})
	defer close(returned)
	go func() {
		hr := work()
		<-returned
		callback(hr, model, state)
	}()
	return WS_S_ASYNC
}

// check refuses a context without a callback.
func (ac *AsyncContext) check(op string, e *Error) HRESULT {
	if ac != nil && ac.Callback == nil {
		return e.fail(E_INVALIDARG, "%s: the AsyncContext has no Callback", op)
	}
	return S_OK
}
