Option Explicit

' Why the last call failed that had no answer at all; the ribbon shows it
Public LastFault As String

' Every function is computed here: one call to Python, whatever the ranges hold.
' A Python that has ended since the last call is started anew; one that would not start is left
' alone for a while, or every cell of a sheet would wait for it again.
Private Function CallPython(ByVal functionName As String, ByVal arguments As Variant) As Variant
    Static connected As Object
    Static udfModule As String
    Static leaveAloneUntil As Date
    Dim python As New PythonServer
    Dim isNew As Boolean

    CallPython = CVErr(2015)
    On Error GoTo failed
connect:
    If connected Is Nothing Then
        If Now < leaveAloneUntil Then Exit Function
        isNew = True
        udfModule = python.Setting("UDF MODULES")
        Set connected = python.Connection()
    End If
    CallPython = AsCells(connected.CallUDF(udfModule, functionName, arguments))
    Exit Function
failed:
    LastFault = functionName & ": " & Err.Description
    If connected Is Nothing Then leaveAloneUntil = DateAdd("s", 30, Now)
    If isNew Then Exit Function
    Set connected = Nothing
    Resume connect
End Function

' What an argument holds, Empty where it is left out
Private Function Held(Optional ByVal argument As Variant) As Variant
    If IsMissing(argument) Then
        Held = Empty
    ElseIf IsObject(argument) Then
        Held = NumbersOf(argument)
    Else
        Held = argument
    End If
End Function

' Value2 is the number itself, where Value would round a currency to four decimals
Private Function NumbersOf(ByVal cells As Object) As Variant
    NumbersOf = cells.Value2
End Function

' A result with true errors: Python can return only their texts
Private Function AsCells(ByVal result As Variant) As Variant
    Dim row As Long, column As Long
    Select Case Dimensions(result)
        Case 0
            result = AsCell(result)
        Case 1
            For column = LBound(result) To UBound(result)
                result(column) = AsCell(result(column))
            Next column
        Case 2
            For row = LBound(result, 1) To UBound(result, 1)
                For column = LBound(result, 2) To UBound(result, 2)
                    result(row, column) = AsCell(result(row, column))
                Next column
            Next row
    End Select
    AsCells = result
End Function

Private Function Dimensions(ByRef result As Variant) As Long
    Dim bound As Long
    If Not IsArray(result) Then Exit Function
    Dimensions = 1
    On Error GoTo one
    bound = UBound(result, 2)
    Dimensions = 2
one:
End Function

Private Function AsCell(ByVal content As Variant) As Variant
    AsCell = content
    If VarType(content) <> vbString Then Exit Function
    Select Case content
        ' <errors>
    End Select
End Function
